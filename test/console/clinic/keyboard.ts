// A whole visit with the keyboard alone: nothing here points.
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Given } from '../given.ts';

const isFocused = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element) => (element as unknown as { matches(selector: string): boolean }).matches(':focus'));

/** The focus comes there by itself. */
const focused = (locator: Locator) => expect.poll(() => isFocused(locator), { timeout: 240_000 }).toBe(true);

const tabTo = async (page: Page, locator: Locator): Promise<number> => {
  for (let pressed = 0; pressed < 60; pressed += 1) {
    if (await isFocused(locator)) return pressed;
    await page.keyboard.press('Tab');
  }
  throw new Error('the focus does not come there');
};

export const keyboard = (given: Given): void => {
  it('is enough for a whole visit: reception, chart, what was found and prescribed, a document, the next patient', async () => {
    const seen = await given.open('staff:clinic-doctor');
    const { page } = seen;
    const { keyboard } = page;
    const search = page.getByRole('combobox');
    await focused(search);

    // The name in kana as an input method gives it, and one key more.
    await keyboard.insertText('みほん はるこ');
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: '見本 春子' }).waitFor();

    await keyboard.press('v');
    await focused(page.getByLabel('血圧（上） (mmHg)'));
    await keyboard.type('132');
    await keyboard.press('Tab');
    await focused(page.getByLabel('血圧（下） (mmHg)'));
    await keyboard.type('84');
    // Letters are text while somebody types, and an accidental Escape loses nothing.
    await keyboard.press('Escape');
    await page.getByLabel('血圧（上） (mmHg)').waitFor({ state: 'detached' });
    await keyboard.press('v');
    await expect.poll(() => page.getByLabel('血圧（下） (mmHg)').inputValue()).toBe('84');
    await focused(page.getByLabel('血圧（上） (mmHg)'));
    await keyboard.press('Control+Enter');
    await page.getByText('バイタルを保存しました。').waitFor();

    await keyboard.press('n');
    await tabTo(page, page.getByLabel('本文 *'));
    await keyboard.insertText('血圧はやや高め。減塩を続ける。');
    await keyboard.press('Control+Enter');
    await page.getByText('記録を保存しました。').waitFor();

    await keyboard.press('r');
    const medicine = page.getByLabel('薬剤名 *', { exact: true });
    await focused(medicine);
    await keyboard.insertText('アムロジピンＯＤ錠５ｍｇ');
    await tabTo(page, page.getByLabel('用法 *', { exact: true }));
    await keyboard.insertText('内服 １日１回 朝食後');
    await tabTo(page, page.getByLabel('数量 *', { exact: true }));
    await keyboard.type('28');
    await tabTo(page, page.getByRole('button', { name: '保存', exact: true }));
    await keyboard.press('Enter');
    await page.getByText('処方を保存しました。').waitFor();
    await page.getByRole('region', { name: '薬' }).getByText('アムロジピンＯＤ錠５ｍｇ').first().waitFor();

    await keyboard.press('2');
    await page.getByRole('rowheader', { name: /HbA1c/ }).waitFor();
    await keyboard.press('5');
    const document = page.getByRole('button', { name: /^開く: 診療情報提供書/ });
    await document.waitFor();
    await tabTo(page, document);
    await keyboard.press('Enter');
    await page.getByText('腎機能の経過をご確認ください').waitFor();
    await keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    await keyboard.press('/');
    await focused(search);
    await keyboard.insertText('なつお');
    await page.getByRole('option').first().waitFor();
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: '見本 夏男' }).waitFor();
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  });
};
