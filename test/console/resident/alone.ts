// A minor who decides alone (docs/enrolment.md, "Mature minors"), on her own telephone, and what her mother then sees.
import { expect, it } from 'vitest';
import { overflowOf, screenshot, seriousFindings, visit } from '../../support/browser.ts';
import { type Given, until } from '../given.ts';

const PHONE = { width: 360, height: 740 };

export const alone = (given: Given): void => {
  it('keeps from the parents, at sixteen, what is private, and shows it again', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is what the test is about
    const call = (who: string, method: string, path: string, body?: unknown): Promise<any> =>
      given.call(who, method, path, body);
    const evidence = { kind: 'paper', checked: ['my-number-card'], scan: 'file-3' };
    // Sixteen since a few months, whenever this runs.
    const birthDate = new Date(Date.now() - 16.4 * 365.25 * 86_400_000).toISOString().slice(0, 10);
    const { person, patient } = await call('staff:municipal', 'POST', '/enrolment/people', {
      name: { kanji: { family: '見本', given: '小糸' }, kana: { family: 'ミホン', given: 'コイト' } },
      birthDate,
      sex: 'female',
      address: { postcode: '770-0000', text: '見本市春町1-2-3', municipality: '362018' },
      route: 'counter',
      consent: { textVersion: '2026-04' },
      evidence,
    });
    const mother = (await call('resident:1', 'GET', '/me/enrolment')).person;
    const proxy = { by: mother, kind: 'parent', basis: '戸籍謄本で確認', evidence };
    await call('staff:municipal', 'POST', `/enrolment/people/${person}/proxies`, proxy);
    const account = { email: 'koito@resident.example', by: 'letter' };
    const { password } = await call('staff:municipal', 'POST', `/enrolment/people/${person}/account`, account);
    for (const [code, text] of [
      ['J459', '気管支喘息'],
      ['Z30', '避妊の相談'],
    ])
      await call('staff:hospital-doctor', 'POST', '/fhir/Condition', {
        resourceType: 'Condition',
        subject: { reference: `Patient/${patient}` },
        code: {
          coding: [{ system: 'http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full', code }],
          text,
        },
        recordedDate: '2026-11-20',
      });
    const motherSees = async () => (await call('resident:1', 'GET', `/fhir/Condition?patient=${patient}`)).total;
    await until(async () => (await motherSees().catch(() => 0)) === 2);

    const seen = await visit(given.browser, given.stack.region(), PHONE);
    const { page } = seen;
    page.setDefaultTimeout(30_000);
    await page.getByText('住民').click();
    await page.locator('input[name=username]').fill(account.email);
    await page.locator('input[name=password]').fill(password);
    await page.getByRole('button', { name: '次へ' }).click();
    await page.getByLabel('新しいパスワード').fill('Tsumugi-first-2026');
    await page.getByRole('button', { name: '次へ' }).click();
    await page.getByRole('link', { name: '保護者に見せない内容を決める' }).click();
    await page.getByText('いま、あなたの代わりに見ている人: 見本 春子').waitFor();
    const kept = page.getByRole('switch', { name: '性・妊娠の記録を保護者などに見せない' });
    await kept.waitFor();
    expect(await kept.isChecked()).toBe(false);
    expect(await seriousFindings(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    await screenshot(page, 'resident-alone');
    await kept.press('Space');
    await page.getByRole('switch', { name: '性・妊娠の記録を保護者などに見せない', checked: true }).waitFor();
    await until(async () => (await motherSees()) === 1);

    const other = await given.open('resident:1', '/resident/consents', PHONE);
    await other.page.getByLabel('だれの記録ですか').selectOption({ label: '見本 小糸さん（代理）' });
    await other.page.getByText('この方は、同意を自分で決める年齢です。').waitFor();
    expect(await other.page.getByRole('switch').count()).toBe(0);
    expect(other.complaints).toEqual([]);
    await other.context.close();

    await kept.press('Space');
    await page.getByRole('switch', { name: '性・妊娠の記録を保護者などに見せない', checked: false }).waitFor();
    await until(async () => (await motherSees()) === 2);
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  });
};
