// A visit: the patient is found or registered, the chart is read, what the visit brings is written, and corrected where it was wrong.
import { expect, it } from 'vitest';
import { overflowOf, screenshot, seriousFindings, signIn, visit } from '../../support/browser.ts';
import { type Given, until } from '../given.ts';

export const visits = (given: Given): void => {
  it('is found by kana with the keyboard alone, and shows everything of the person', async () => {
    const seen = await visit(given.browser, given.stack.region());
    const { page } = seen;
    await signIn(seen, given.stack.region(), 'staff:hospital-doctor');
    await linked('demo-resident-1', 3);
    // Several people share the computer of a reception: it says who is signed in, and where.
    await page.getByRole('navigation').getByText('デモ中央病院').waitFor();
    await page.getByRole('navigation').getByText('hospital-doctor').waitFor();

    await page.getByRole('combobox').fill('みほ');
    await page.getByRole('option').first().waitFor();
    await page.getByRole('combobox').fill('みほ S36.4.12');
    // Whoever was listed for the letters before is not opened.
    await page.keyboard.press('Enter');
    // Whoever was listed for the letters before is not opened, and three records of one person are one line.
    await page.getByRole('heading', { name: '見本 春子' }).waitFor();
    await page.getByRole('region', { name: '病名・問題' }).getByText('2型糖尿病').waitFor();
    await page.getByRole('tab', { name: /検査値/ }).click();
    await page.getByRole('rowheader', { name: /HbA1c/ }).waitFor();
    await page.getByText('グラフ').click();
    await page.getByRole('img', { name: /\S/ }).first().waitFor();
    await page.locator('canvas').waitFor();
    await page.getByRole('tab', { name: /文書/ }).click();
    await page.getByRole('button', { name: /^開く/ }).first().click();
    await page.getByText('腎機能の経過をご確認ください').waitFor();

    expect(await page.title()).not.toContain('見本 春子');
    expect(page.url()).not.toMatch(/%E8|見|mihon/i);
    expect(seen.complaints).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('tab', { name: /検査値/ }).click();
    await screenshot(page, 'clinic-chart');

    // Who else cares, and on a phone: nothing is cut off, and axe finds nothing serious.
    await page.getByRole('tab', { name: /担当者/ }).click();
    await page.getByRole('rowheader', { name: /デモ中央病院/ }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole('tab', { name: /時系列/ }).click();
    expect(await overflowOf(page)).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await screenshot(page, 'clinic-phone');
    await seen.context.close();
  });

  /** The feed links what the seeds have written a moment ago. */
  const linked = (patient: string, records: number) =>
    until(async () => {
      const { entry = [] } = await given.call<{ entry?: { resource: { resourceType: string } }[] }>(
        'system:hospital',
        'GET',
        `/fhir/Patient/${patient}/$everything?_type=Patient&_linked=true`,
      );
      return entry.filter(({ resource }) => resource.resourceType === 'Patient').length >= records;
    });

  it('registers a patient after asking who knows the person, and writes what a visit brings', async () => {
    const seen = await given.open('staff:clinic-doctor', '/clinic/register');
    const { page } = seen;
    const fill = async (fields: Readonly<Record<string, string>>) => {
      for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
    };
    await page.getByRole('button', { name: '確認して登録' }).click();
    await page.getByText('患者番号（当施設）を入力してください。').first().waitFor();

    await fill({
      '患者番号（当施設） *': '77001',
      '姓 *': '見本',
      名: '夏男',
      'セイ *': 'みほん',
      メイ: 'なつお',
      '生年月日 *': 'H2.8.3',
      電話: '090-0000-0002',
    });
    await page.getByRole('button', { name: '確認して登録' }).click();
    await page.getByText('同じ人かもしれない記録があります').first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await screenshot(page, 'clinic-match');
    await page.getByRole('button', { name: '入力に戻る' }).click();
    await fill({ 名: '冬彦', メイ: 'ふゆひこ', '生年月日 *': '1975-12-24', 電話: '' });
    await page.getByRole('button', { name: '確認して登録' }).click();
    await page.getByRole('heading', { name: '見本 冬彦' }).waitFor();

    // By keyboard: v opens vital signs with the first field in focus.
    await page.keyboard.press('v');
    await page.getByLabel('血圧（上） (mmHg)').fill('1280');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page
      .getByText(/血圧（上）は30から300の間です/)
      .first()
      .waitFor();
    await page.getByLabel('血圧（上） (mmHg)').fill('128');
    await page.getByLabel('血圧（下） (mmHg)').fill('76');
    await page.getByLabel('体温 (℃)').fill('36.6');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('バイタルを保存しました。').waitFor();

    await page.getByRole('button', { name: '病名', exact: true }).click();
    await page.getByLabel('病名 *', { exact: true }).fill('花粉症');
    // What the server finds is at the field: onset after the end.
    await page.getByLabel('転帰').selectOption('resolved');
    await page.getByLabel('発症日 *').fill('2026-04-01');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('病名を保存しました。').waitFor();
    // What is over stands behind what is there.
    const problems = page.getByRole('region', { name: '病名・問題' });
    await problems.getByText('過去の病名').click();
    await problems.getByText('花粉症').waitFor();

    await page.getByRole('button', { name: '処方', exact: true }).click();
    await fill({ '薬剤名 *': 'フェキソフェナジン錠６０ｍｇ', '用法 *': '内服 １日２回 朝夕食後', '数量 *': '28' });
    await page.getByLabel('日数 (日)').fill('14');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('処方を保存しました。').waitFor();

    await page.getByRole('button', { name: '記録', exact: true }).click();
    await page.getByLabel('本文 *').fill('くしゃみ、鼻水。経過良好。');
    expect(await seriousFindings(page)).toEqual([]);
    await screenshot(page, 'clinic-note');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('記録を保存しました。').waitFor();

    await page.getByRole('button', { name: '文書の取り込み' }).click();
    await page.locator('input[type=file]').setInputFiles({
      name: 'large.pdf',
      mimeType: 'application/pdf',
      buffer: Buffer.alloc(4 * 1024 * 1024 + 1),
    });
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page
      .getByText(/ファイルが大きすぎます/)
      .first()
      .waitFor();
    const cda = `<ClinicalDocument xmlns="urn:hl7-org:v3"><component><structuredBody><component><section><title>主訴</title>
      <text><table><tbody><tr><td>くしゃみ</td><td>三日前から</td></tr></tbody></table></text></section></component>
      </structuredBody></component></ClinicalDocument>`;
    await page.locator('input[type=file]').setInputFiles({
      name: 'referral.xml',
      mimeType: 'text/xml',
      buffer: Buffer.from(cda),
    });
    await page.getByLabel('表題').fill('紹介状CDA');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('文書の取り込みを保存しました。').waitFor();
    await page.getByRole('tab', { name: /文書/ }).click();
    await page.getByRole('button', { name: '開く: 紹介状CDA' }).click();
    await page.getByRole('heading', { name: '主訴' }).waitFor();
    await page.getByText(/くしゃみ\s+三日前から/).waitFor();
    await page.keyboard.press('Escape');

    expect(seen.complaints.filter((one) => !one.includes('status of 4'))).toEqual([]);
    await seen.context.close();
  });

  it('corrects own entries, says when somebody was faster, and takes back what was a mistake', async () => {
    const made = await given.call<{ id: string }>('system:clinic', 'POST', '/fhir/Condition', {
      resourceType: 'Condition',
      meta: { source: 'urn:tsumugi:facility:3610000002' },
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
      },
      code: { text: '腰痛証' },
      subject: { reference: 'Patient/demo-clinic-1' },
      onsetDateTime: '2026-10-01',
    });
    const seen = await given.open('staff:clinic-doctor', '/clinic/patients/demo-clinic-1');
    const { page } = seen;
    const problems = page.getByRole('region', { name: '病名・問題' });
    // What the hospital wrote is not for the clinic to correct.
    await problems.getByText('急性気管支炎').waitFor();
    expect(await problems.getByRole('button', { name: '訂正: 2型糖尿病' }).count()).toBe(0);

    await problems.getByRole('button', { name: '訂正: 腰痛証' }).click();
    const name = page.getByLabel('病名 *', { exact: true });
    await name.fill('腰痛症');
    await given.call('system:clinic', 'PUT', `/fhir/Condition/${made.id}`, {
      resourceType: 'Condition',
      id: made.id,
      meta: { source: 'urn:tsumugi:facility:3610000002' },
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
      },
      code: { text: '腰痛証' },
      subject: { reference: 'Patient/demo-clinic-1' },
      onsetDateTime: '2026-10-02',
    });
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText(/他の人が先に変更しました/).waitFor();
    expect(await name.inputValue()).toBe('腰痛症');

    await page.reload();
    await problems.getByRole('button', { name: '訂正: 腰痛証' }).click();
    await name.fill('腰痛症');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await problems.getByText('腰痛症').waitFor();

    await problems.getByRole('button', { name: '訂正: 腰痛症' }).click();
    await page.getByRole('button', { name: '誤記として取り消す' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '誤記として取り消す' }).click();
    await problems.getByText('腰痛症').waitFor({ state: 'detached' });
    const stored = await given.call<{ verificationStatus: unknown }>(
      'system:clinic',
      'GET',
      `/fhir/Condition/${made.id}`,
    );
    expect(JSON.stringify(stored.verificationStatus)).toContain('entered-in-error');
    await seen.context.close();
  });
};
