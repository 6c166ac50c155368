// What a role sees and is offered: never more than the server would give it.
import { expect, it } from 'vitest';
import { form } from '../../functions/enrolment/given.ts';
import { overflowOf, screenshot, seriousFindings } from '../../support/browser.ts';
import type { Given } from '../given.ts';

export const roles = (given: Given): void => {
  it('offers a pharmacist, in English, what a pharmacist does', async () => {
    const seen = await given.open('staff:pharmacist', '/clinic/patients/demo-pharmacy-1', { language: 'en' });
    const { page } = seen;
    await page.getByRole('button', { name: 'Dispensing', exact: true }).click();
    expect(await page.getByRole('button', { name: 'Diagnosis', exact: true }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Prescription', exact: true }).count()).toBe(0);
    await page.getByLabel('Medicine *').fill('アムロジピンＯＤ錠１０ｍｇ');
    await page.getByLabel('Directions *').fill('内服 １日１回 朝食後');
    await page.getByLabel('Quantity *').fill('30');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Dispensing: saved.').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await screenshot(page, 'clinic-keys-en');
    await page.keyboard.press('Escape');

    // Other regions are asked when somebody wants to know, and the page says what became of it.
    await page.getByRole('switch', { name: 'With other regions' }).press('Space');
    await page
      .getByText('Some regions did not answer')
      .or(page.getByText('Other regions have no records to show.'))
      .or(page.getByText(/^2\.999\.\S+: \d+ records$/))
      .first()
      .waitFor();
    await page.evaluate(
      "window.print = () => { window.printed = document.querySelector('article').innerText; dispatchEvent(new Event('afterprint')); }",
    );
    await page.getByRole('button', { name: 'Print', exact: true }).click();
    await expect.poll(() => page.evaluate('window.printed ?? ""'), { timeout: 30_000 }).toMatch(/HbA1c[\s\S]*デモ薬局/);
    await page.getByRole('tab', { name: /Laboratory/ }).waitFor();
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  });

  it('opens what a consent hides for a while, with a reason, and shows a crew the emergency set', async () => {
    await given.call('system:hospital', 'POST', '/fhir/Condition', {
      resourceType: 'Condition',
      meta: {
        security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' }],
      },
      code: { text: '双極性障害（要同意）' },
      subject: { reference: 'Patient/demo-resident-2' },
      onsetDateTime: '2020-01-01',
    });
    const seen = await given.open('staff:ambulance', '/clinic/patients/demo-resident-2');
    const { page } = seen;
    const emergency = page.getByRole('region', { name: '緊急時の情報' });
    await emergency.getByText('さば').waitFor();
    expect(await page.getByText('双極性障害（要同意）').count()).toBe(0);
    await page.getByRole('button', { name: '緊急時閲覧' }).click();
    await page.getByLabel(/^理由/).fill('意識障害で救急搬送中。既往の確認が必要');
    await page.getByRole('button', { name: '理由を記録して開く' }).click();
    await page.getByRole('timer').waitFor();
    await emergency.getByText('双極性障害（要同意）').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await screenshot(page, 'clinic-emergency');
    await page.getByRole('button', { name: '終える' }).click();
    await page.getByText('双極性障害（要同意）').first().waitFor({ state: 'detached' });
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  });

  it('finds a person by card, and shows a consent code that counts down', async () => {
    const joined = await given.call<{ card: { qr: string } }>('staff:municipal', 'POST', '/enrolment/people', form());
    const seen = await given.open('staff:nurse', '/clinic', { width: 360, height: 740 });
    const { page } = seen;
    const card = page.getByLabel(/^住民カード/);
    await card.fill('123');
    await page.keyboard.press('Enter');
    await page.getByText('この地域のカードではないか、番号が違います。').waitFor();
    expect(await overflowOf(page)).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await card.fill(joined.card.qr);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: '同意のQRコード' }).click();
    await page.getByRole('img', { name: '同意のQRコード' }).waitFor();
    expect(await page.getByRole('timer').textContent()).toMatch(/残り [45]:\d\d/);
    expect(await seriousFindings(page)).toEqual([]);
    await screenshot(page, 'clinic-consent');
    await seen.context.close();
  });
};
