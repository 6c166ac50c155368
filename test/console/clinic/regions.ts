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

  it('connects the records of two regions at their counters, for who has no telephone, and disconnects them', async () => {
    const desks = await Promise.all(
      ['tokushima', 'kesen'].map(async (region) => {
        const kana = { family: 'ミホン', given: 'ナミ' };
        const { person } = await given.call<{ person: string }>(
          'staff:municipal',
          'POST',
          '/enrolment/people',
          {
            name: { kanji: { family: '見本', given: '波' }, kana },
            birthDate: '1948-06-07',
            sex: 'female',
            address: { postcode: '770-0000', text: '見本市海町1', municipality: '362018' },
            route: 'counter',
            consent: {
              textVersion: '2026-04',
              ...(region === 'kesen' && { pattern: 'list', facilities: ['0310000001'] }),
            },
            evidence: { kind: 'paper', checked: ['my-number-card'], scan: 'file-9' },
          },
          { region },
        );
        const seen = await given.open('staff:municipal', `/admin/people/${person}`, { region });
        const section = seen.page.getByRole('region', { name: '他の地域の記録' });
        await section.getByText('つないでいる地域はありません。').waitFor();
        return { ...seen, section };
      }),
    );
    const [here, there] = [desks[0]!, desks[1]!];
    await here.section.getByRole('button', { name: '相手の地域で使うコードを作る' }).click();
    const code = await here.section.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/).textContent();
    expect(await seriousFindings(here.page)).toEqual([]);

    await there.section.getByLabel('相手の地域でもらったコード').fill(code!);
    await there.section.getByRole('button', { name: 'コードを入れる' }).click();
    await there.section.getByText('つなぎました。').waitFor();
    await there.section.getByRole('button', { name: 'つながりを切る' }).click();
    await there.page.getByRole('dialog').getByRole('button', { name: 'つながりを切る' }).click();
    await there.section.getByText('終わりました').waitFor();
    for (const { complaints, context } of desks) {
      expect(complaints).toEqual([]);
      await context.close();
    }
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
