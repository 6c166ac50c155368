// A link contract with a community that speaks IHE, at the desk: one enters it, another confirms it, and its certificates change the same
// way. Runs in admin.test.ts, over its stack.
import { expect, it } from 'vitest';
import { testKey } from '../functions/ihe/support/certificate.ts';
import { overflowOf, seriousFindings } from '../support/browser.ts';
import { button, confirm, fill, heading, menu, type Offices, section } from './offices.ts';

const DAY = 86_400_000;
const certificate = (name: string) => testKey(name, Date.now() - DAY, Date.now() + 400 * DAY).certificate;
const NAME = '瀬戸医療ネット';

export const iheJourneys = ({ office }: Offices): void => {
  it('enters a community that speaks IHE, and has its contract and its certificates confirmed by another person', async () => {
    const admin = await office('staff:admin');
    const { page } = admin;
    await menu(page, '他地域との連携');
    await heading(page, '連携を提案する');
    await fill(page, { protocol: 'ihe' });
    await fill(page, {
      ...{ name: NAME, community: '2.999.98.1', assigningAuthority: '2.999.98.1.1' },
      discovery: 'https://seto.example.jp/xcpd',
      query: 'https://seto.example.jp/xca/query',
      retrieve: 'https://seto.example.jp/xca/retrieve',
      ...{ certificates: 'no certificate', agreedOn: '連携協定書 第12号 2026-10-01' },
    });
    await page.getByRole('checkbox', { name: '文書', exact: true }).check();
    await button(page, '連携を提案する').click();
    await page.getByText('証明書（PEM）として読めません。').first().waitFor();
    await fill(page, { certificates: certificate('first') });
    await button(page, '連携を提案する').click();
    await heading(page, NAME);
    await page.getByText('連携協定書 第12号 2026-10-01').first().waitFor();
    await page.getByRole('button', { name: '承認する', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: '承認する', exact: true }).click();
    await dialog.getByText('入力した人とは別の担当者が確認してください。').first().waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await overflowOf(page)).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);

    const operator = await office('staff:operator');
    const second = operator.page;
    await operator.go('/admin/contracts/2.999.98.1');
    await heading(second, NAME);
    await confirm(second, '承認する');
    await confirm(second, '有効にする');
    await section(second, '経過').getByRole('cell', { name: '有効', exact: true }).waitFor();

    await fill(second, { certificates: certificate('next'), agreedOn: '覚書 2026-11-20' });
    await button(second, '新しい証明書を登録する').click();
    await second.getByText('確認を待っている証明書').waitFor();
    await admin.go('/admin/contracts');
    await page.getByRole('link', { name: NAME }).click();
    await confirm(page, '確かめて使い始める');
    await page.getByText('覚書 2026-11-20').first().waitFor();
    expect(await page.getByText('確認を待っている証明書').count()).toBe(0);
    expect([...admin.faults(), ...operator.faults()]).toEqual([]);
  });
};
