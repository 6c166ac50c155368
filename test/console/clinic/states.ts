// Every page where the API fails or the network is gone: words, and a way to try again.
import { expect, it } from 'vitest';
import { seriousFindings } from '../../support/browser.ts';
import { type Given, go } from '../given.ts';
import { givenTroubles, settled, type Troubles } from '../troubles.ts';

export const states = (given: Given): void => {
  it('says what failed on every page, keeps what was typed, and goes on when it is tried again', async () => {
    const troubles: Troubles = { failing: '' };
    const seen = await given.open('staff:hospital-doctor', undefined, {
      prepare: givenTroubles(given.stack.region(), troubles),
    });
    const { page } = seen;
    await page.clock.install();
    const again = page.getByRole('button', { name: 'もう一度試す' });
    const failed = page.getByRole('alert').getByText('うまくいきませんでした。');

    await page.getByRole('combobox').fill('みほん');
    await settled(page, failed);
    expect(await seriousFindings(page)).toEqual([]);
    troubles.failing = undefined;
    await again.click();
    await page.getByRole('option').first().waitFor();

    troubles.failing = '$everything';
    await go(page, '/clinic/patients/demo-resident-2');
    await settled(page, failed);
    expect(await page.title()).not.toBe('');
    troubles.failing = undefined;
    await again.click();
    await page.getByRole('heading', { name: '見本 夏男' }).waitFor();

    // One part fails, the chart stays.
    troubles.failing = '/federation/';
    await page.getByRole('switch', { name: '他の地域の記録も表示' }).press('Space');
    await settled(page, failed);
    await page.getByRole('region', { name: 'アレルギー' }).getByText('さば').waitFor();
    await page.getByRole('switch', { name: '他の地域の記録も表示' }).press('Space');
    troubles.failing = '/enrolment/';
    await page.getByRole('button', { name: '同意のQRコード' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('alert').waitFor();
    troubles.failing = undefined;
    await dialog.getByRole('button', { name: 'もう一度試す' }).click();
    await dialog.getByRole('img', { name: '同意のQRコード' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    troubles.failing = '/fhir/DocumentReference/';
    await page.getByRole('button', { name: '記録', exact: true }).click();
    await page.getByLabel('本文 *').fill('まだ送られていない');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await failed.waitFor();
    expect(await page.getByLabel('本文 *').inputValue()).toBe('まだ送られていない');

    // A page whose script is not there yet, and no network to bring it.
    await seen.context.setOffline(true);
    await go(page, '/clinic/register');
    await page.getByText('この画面を表示できません。').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await go(page, '/clinic/patients/demo-clinic-1');
    await settled(page, page.getByRole('alert').getByText('通信できません。'));
    // Back again, the page asks by itself.
    await seen.context.setOffline(false);
    await page.getByRole('heading', { name: '見本 春子' }).waitFor();
    await go(page, '/clinic/register');
    await page
      .getByRole('button', { name: 'もう一度開く' })
      .or(page.getByLabel('姓 *', { exact: true }))
      .first()
      .waitFor();
    if (await page.getByRole('button', { name: 'もう一度開く' }).isVisible())
      await page.getByRole('button', { name: 'もう一度開く' }).click();
    await page.getByLabel('姓 *', { exact: true }).waitFor();

    troubles.failing = '$match';
    await page.getByLabel('患者番号（当施設） *', { exact: true }).fill('90001');
    await page.getByLabel('姓 *', { exact: true }).fill('架空');
    await page.getByLabel('セイ *', { exact: true }).fill('カクウ');
    await page.getByLabel('生年月日 *', { exact: true }).fill('1950-01-01');
    await page.getByRole('button', { name: '確認して登録' }).click();
    await failed.waitFor();
    expect(await page.getByLabel('姓 *', { exact: true }).inputValue()).toBe('架空');
    await seen.context.close();
  });
};
