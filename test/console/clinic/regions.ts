// A chart over regions: whose is what, which region answered, what one that does not answer leaves.
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { awsClient } from '../../../infra/local/demo/identities.ts';
import { overflowOf, screenshot, seriousFindings } from '../../support/browser.ts';
import type { Given } from '../given.ts';

/** By name where the page knows it, by number until then. */
/** By the name that the link contract gives it, and not by its OID. */
const KESEN = /気仙/;

export const regions = (given: Given): void => {
  it('shows the records of another region among the own, with region and facility, and opens its document', async () => {
    const text = '気仙の退院時サマリー。次の受診は一か月後。';
    const region = 'kesen';
    const binary = await given.call<{ id: string }>(
      'system:hospital',
      'POST',
      '/fhir/Binary',
      {
        resourceType: 'Binary',
        contentType: 'text/plain',
        securityContext: { reference: 'Patient/demo-resident-1' },
        data: Buffer.from(text).toString('base64'),
      },
      { region },
    );
    await given.call(
      'system:hospital',
      'POST',
      '/fhir/DocumentReference',
      {
        resourceType: 'DocumentReference',
        status: 'current',
        description: '退院時サマリー（他地域）',
        type: { coding: [{ system: 'http://loinc.org', code: '18842-5' }], text: '退院時サマリー' },
        subject: { reference: 'Patient/demo-resident-1' },
        date: '2026-11-20T00:00:00Z',
        custodian: { reference: 'Organization/demo-hospital' },
        content: [{ attachment: { contentType: 'text/plain', url: `Binary/${binary.id}` } }],
      },
      { region },
    );
    const seen = await given.open('staff:clinic-doctor', '/clinic/patients/demo-resident-1');
    const { page } = seen;
    await page.getByRole('heading', { name: '見本 春子' }).waitFor();
    // Nobody is asked unasked.
    expect(await page.getByText('退院時サマリー（他地域）').count()).toBe(0);
    await page.getByRole('switch', { name: '他の地域の記録も表示' }).press('Space');
    const status = page.getByRole('status').filter({ hasText: KESEN });
    await status.filter({ hasText: /\d+件/ }).first().waitFor({ timeout: 240_000 });

    await page.getByRole('tab', { name: /時系列/ }).click();
    const line = page.getByRole('tabpanel').getByRole('listitem').filter({ hasText: '退院時サマリー（他地域）' });
    await line.getByText(KESEN).waitFor();
    expect(await line.textContent()).toContain('デモ');
    expect(await seriousFindings(page)).toEqual([]);
    await screenshot(page, 'clinic-regions');

    await page.getByRole('tab', { name: /文書/ }).click();
    await page.getByRole('button', { name: '開く: 退院時サマリー（他地域）' }).click();
    await page.getByRole('dialog').getByText(text).waitFor();
    await page.keyboard.press('Escape');
    // What another region wrote is not for this one to correct.
    expect(await page.getByRole('button', { name: '訂正: 退院時サマリー（他地域）' }).count()).toBe(0);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflowOf(page)).toBe(0);
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  });

  it('says which region does not answer, and goes on with the own records', async () => {
    const { settings } = given.stack.region();
    const client = new DynamoDBClient(awsClient(given.stack.region(), 'DYNAMODB'));
    const TableName = settings['REGISTRY_TABLE']!;
    const Key = { p: { S: 'federation#contract' }, s: { S: '2.999.3.1' } };
    const set = (d: string) =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key,
          UpdateExpression: 'SET d = :d',
          ExpressionAttributeValues: { ':d': { S: d } },
        }),
      );
    const { Item } = await client.send(new GetItemCommand({ TableName, Key }));
    const before = Item?.['d']?.S ?? '';
    // An address at which nobody is at home.
    await set(JSON.stringify({ ...JSON.parse(before), baseUrl: 'http://127.0.0.1:9' }));
    try {
      const seen = await given.open('staff:hospital-doctor', '/clinic/patients/demo-resident-1');
      const { page } = seen;
      await page.getByRole('heading', { name: '見本 春子' }).waitFor();
      const answered = page.waitForResponse((response) => response.url().includes('/federation/fhir/'));
      await page.getByRole('switch', { name: '他の地域の記録も表示' }).press('Space');
      await answered;
      // The contract as it was is held for two seconds yet.
      const missing = page.getByRole('status').filter({ hasText: '答えなかった地域があります' });
      for (let tries = 0; tries < 20 && !(await missing.isVisible()); tries += 1) {
        await page.reload();
        await page.getByRole('heading', { name: '見本 春子' }).waitFor();
        const again = page.waitForResponse((response) => response.url().includes('/federation/fhir/'));
        await page.getByRole('switch', { name: '他の地域の記録も表示' }).press('Space');
        await again;
        await page.getByText('他の地域に問い合わせています…').waitFor({ state: 'detached' });
      }
      await missing.getByText(KESEN).waitFor();
      await missing.getByText('応答がありません。').waitFor();
      await missing.getByRole('button', { name: 'もう一度問い合わせる' }).waitFor();
      await page.getByRole('region', { name: '病名・問題' }).getByText('2型糖尿病').waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      expect(seen.complaints).toEqual([]);
      await seen.context.close();
    } finally {
      await set(before);
      client.destroy();
    }
  });
};
