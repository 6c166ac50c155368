// What a role sees and is offered: never more than the server would give it.
import { expect, it } from 'vitest';
import { form } from '../../functions/enrolment/given.ts';
import { overflowOf, screenshot, seriousFindings } from '../../support/browser.ts';
import { type Given, go } from '../given.ts';

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
      .or(page.getByText(/: \d+ records$/))
      .first()
      .waitFor();
    await page.evaluate(
      "window.print = () => { window.printed = document.querySelector('article').innerText; dispatchEvent(new Event('afterprint')); }",
    );
    await page.getByRole('button', { name: 'Print', exact: true }).click();
    await expect
      .poll(() => page.evaluate('window.printed ?? ""'), { timeout: 240_000 })
      .toMatch(/HbA1c[\s\S]*デモ薬局/);
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
    await given.call('system:hospital', 'POST', '/fhir/Condition', {
      resourceType: 'Condition',
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'resolved' }],
      },
      code: { text: '陳旧性心筋梗塞（日付なし）' },
      subject: { reference: 'Patient/demo-resident-2' },
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
    // What is over is folded, not dropped: without a date it is not on the time line either.
    await emergency.getByText(/^過去の病名・健診など/).click();
    await emergency.getByText('陳旧性心筋梗塞（日付なし）').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await screenshot(page, 'clinic-emergency');
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflowOf(page)).toBe(0);
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

  it('shows a care manager problems, medicines and care, and takes a care record', async () => {
    const seen = await given.open('staff:care-manager', '/clinic/patients/demo-resident-1');
    const { page } = seen;
    await page.getByRole('region', { name: '病名・問題' }).getByText('2型糖尿病').waitFor();
    await page.getByRole('region', { name: '薬' }).getByText('アムロジピンＯＤ錠１０ｍｇ').first().waitFor();
    await page.getByText(/\d+件の記録/).waitFor();
    // Neither results nor letters are of the role's classes, whatever was agreed to.
    await page.getByRole('tab', { name: /検査値/ }).click();
    await page.getByRole('tabpanel').getByText('記録はありません。').waitFor();
    await page.getByRole('tab', { name: /文書/ }).click();
    expect(await page.getByRole('button', { name: /^開く: 診療情報提供書/ }).count()).toBe(0);
    for (const name of ['処方', '調剤', '病名', '緊急時閲覧'])
      expect(await page.getByRole('button', { name, exact: true }).count(), name).toBe(0);

    await go(page, '/clinic/patients/demo-care-1');
    await page.getByRole('heading', { name: '見本 秋江' }).waitFor();
    await page.getByRole('button', { name: '介護・連絡の記録' }).click();
    await page.getByLabel(/^内容/).fill('食事は全量。夜間の徘徊なし。');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('介護・連絡の記録を保存しました。').waitFor();
    await page.getByRole('tab', { name: /介護・連絡/ }).click();
    await page.getByRole('tabpanel').getByText('食事は全量。').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  });

  it('has no chart for a municipal officer, whatever address is typed', async () => {
    const seen = await given.open('staff:municipal');
    const { page } = seen;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await go(page, '/clinic/patients/demo-resident-1');
    await expect.poll(() => page.url()).toContain('#/admin');
    await page.getByRole('navigation').getByRole('link').first().waitFor();
    expect(asked.filter((url) => url.includes('/fhir/Patient/'))).toEqual([]);
    expect(await page.getByText('見本').count()).toBe(0);
    await expect(given.call('staff:municipal', 'GET', '/fhir/Patient/demo-resident-1/$everything')).rejects.toThrow(
      /: 40[34] /,
    );
    await seen.context.close();
  });

  it('is written in with a finger on a telephone, at the bedside', async () => {
    const seen = await given.open('staff:nurse', '/clinic/patients/demo-resident-2', {
      width: 360,
      height: 740,
      touch: true,
    });
    const { page } = seen;
    await page.getByRole('heading', { name: '見本 夏男' }).waitFor();
    await page.getByRole('button', { name: 'バイタル', exact: true }).tap();
    await page.getByLabel('体温 (℃)').fill('36.9');
    await page.getByLabel(/^SpO/).fill('97');
    expect(await overflowOf(page)).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await screenshot(page, 'clinic-bedside');
    await page.getByRole('button', { name: '保存', exact: true }).tap();
    await page.getByText('バイタルを保存しました。').waitFor();
    await page.getByRole('button', { name: '記録', exact: true }).tap();
    await page.getByLabel('本文 *').fill('訪問時、呼吸苦なし。');
    await page.getByRole('button', { name: '保存', exact: true }).tap();
    await page.getByText('記録を保存しました。').waitFor();
    await page.getByRole('tab', { name: /時系列/ }).tap();
    await page.getByRole('tabpanel').getByText('36.9').first().waitFor();
    expect(await overflowOf(page)).toBe(0);
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  });
};
