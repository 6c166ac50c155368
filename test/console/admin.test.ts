// The face of the region's offices in a real browser, over one local stack: administrator, municipal desk, privacy officer.
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, openBrowser, overflowOf, screenshot, seriousFindings } from '../support/browser.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';
import { deskJourneys } from './admin-desk.ts';
import { iheJourneys } from './admin-ihe.ts';
import { answer, button, CLINIC, fill, HOSPITAL, heading, menu, officesOf } from './offices.ts';
import { zoomed } from './zoom.ts';

describe.skipIf(!hasBrowser)('the offices in the console (skipped without /usr/bin/chromium)', () => {
  let stack: LocalStack;
  let browser: Browser;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([startLocalStack({ regions: ['tokushima', 'kesen'] }), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  const offices = officesOf(() => ({ stack, browser }));
  const { open, send } = offices;

  const WHO = {
    kanjiFamily: '見本',
    kanjiGiven: '窓子',
    kanaFamily: 'ミホン',
    kanaGiven: 'マドコ',
    birthDate: '1950-05-05',
    sex: 'female',
    postcode: '770-0001',
    address: '徳島県見本市1-1',
    municipality: '36201',
  };

  it('lets an administrator take in a facility, a member of staff and a system, and shut them out', async () => {
    const { page, context, faults } = await open('staff:admin');
    await menu(page, '施設');
    await page.getByRole('link', { name: 'デモ中央病院' }).waitFor();
    await fill(page, { code: '3610000009', type: 'clinic', name: '見本医院', municipality: '36201', feeClass: 'A' });
    await button(page, '施設を登録する').click();
    await page.getByText('番号が正しくありません（検査数字が合いません）。').first().waitFor();
    expect(await page.locator('[name=code]').getAttribute('aria-invalid')).toBe('true');
    expect(await page.locator('[name=name]').last().inputValue()).toBe('見本医院');
    await fill(page, { code: '9886009999' });
    await button(page, '施設を登録する').click();
    await heading(page, '見本医院');
    await page.getByLabel('自施設の記録を見せる').uncheck();
    await button(page, '保存する').click();
    await page.getByText('保存しました。').waitFor();
    await page.getByText('担当者は登録されていません。').waitFor();
    await fill(page, { officer: 'privacy@mihon.example' });
    await button(page, '担当者を決める').click();
    await page.getByText('privacy@mihon.example（確認待ち').waitFor();

    await menu(page, '職員');
    await page.getByRole('link', { name: 'デモ municipal' }).waitFor();
    await fill(page, { family: '見本', given: '医子', username: 'mihon.ishi', email: 'ishi@staff.example' });
    await page.locator('form [name=facility]').selectOption('9886009999');
    await page.locator('form [name=role]').selectOption('doctor');
    await fill(page, { profession: 'doctor' });
    await button(page, '職員を招待する').click();
    await page.getByText('この役割には免許番号が必要です。').first().waitFor();
    await fill(page, { licence: '123456' });
    await button(page, '職員を招待する').click();
    await heading(page, '見本 医子');
    await page.getByText('招待済み（未サインイン）').waitFor();
    await button(page, '利用を停止する').click();
    await answer(page, '利用を停止する');
    await page.getByText('停止中').waitFor();

    await menu(page, 'システム');
    await fill(page, { name: '見本医院 連携', clientId: 'mihon-gateway', facility: '9886009999' });
    await button(page, 'システムを登録する').click();
    await page.getByText('先に鍵を作って秘密鍵を保存するか').waitFor();
    await button(page, '鍵を作る').click();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '秘密鍵を保存する' }).click(),
    ]);
    const key = JSON.parse(readFileSync(await saved.path(), 'utf8')) as Record<string, string>;
    expect(key).toMatchObject({ kty: 'EC', crv: 'P-384', alg: 'ES384', d: expect.any(String) });
    await button(page, 'システムを登録する').click();
    await heading(page, '見本医院 連携');
    await page.getByRole('cell', { name: key['kid']!, exact: true }).waitFor();
    expect(await page.content()).not.toContain(key['d']);
    await button(page, '取り消す').click();
    await answer(page, '取り消す');
    await page.getByText('登録された鍵はありません。').waitFor();
    expect(faults()).toEqual([]);
    await context.close();
  });

  it('tells the faults of a list by line, narrows the matrix, and reviews the accounts', async () => {
    const { page, context, faults } = await open('staff:admin');
    await menu(page, '一括登録（CSV）');
    const list =
      'code,type,name,municipality,disclose,view,fee_class\r\n9886001111,clinic,一覧医院,36201,yes,yes,A\r\n';
    const csv = (text: string) => ({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByLabel('CSVファイル').click()]);
    await chooser.setFiles(csv(`${list}123,clinic,誤り医院,99999,maybe,yes,A\r\n`));
    await button(page, '確かめる').click();
    await page.getByRole('cell', { name: '「はい」か「いいえ」にしてください。' }).waitFor();
    expect(await page.getByRole('row').filter({ hasText: '10桁の数字で' }).textContent()).toMatch(/^3code/);
    const [again] = await Promise.all([page.waitForEvent('filechooser'), page.getByLabel('CSVファイル').click()]);
    await again.setFiles(csv(list));
    await button(page, '確かめる').click();
    await page.getByText('1行に誤りはありません').waitFor();
    await button(page, '登録する').click();
    await page.getByText('1行のうち1行を登録・変更しました').waitFor();

    await menu(page, '他地域との連携');
    await fill(page, { name: '見本地域', community: 'oid', baseUrl: 'https://api.example', jwksUrl: 'keys' });
    await button(page, '連携を提案する').click();
    await page.getByText('OID（数字とピリオド）で入力してください。').first().waitFor();
    expect(await page.locator('[name=baseUrl]').getAttribute('aria-invalid')).toBe(null);

    await menu(page, '役割と情報の範囲');
    await page.getByRole('region', { name: '読む' }).first().waitFor();
    await page.getByRole('combobox', { name: '役割' }).selectOption('pharmacist');
    await page.getByRole('group', { name: '読む' }).getByLabel('文書').selectOption('none');
    await button(page, '保存する').click();
    await page.getByText('▼ 狭められています').waitFor();

    await menu(page, 'アカウントの棚卸し');
    await page.getByRole('switch', { name: '期限前のものも表示する' }).click();
    await page.getByRole('group', { name: /nurse/ }).getByLabel('残す').check();
    await button(page, '判断を記録する').click();
    await answer(page, '判断を記録する');
    await page.getByRole('region', { name: 'これまでの棚卸し' }).getByRole('row').nth(1).waitFor();

    await menu(page, '参加率');
    await fill(page, { code: '362018', name: '見本市', asOf: '2026-10-01' });
    await fill(page, { '0-17': '10', '18-39': '20', '40-64': '20', '65-74': '10', '75+': 'x' });
    await button(page, /^登録する$/).click();
    await page.getByText('入力してください。').first().waitFor();
    await fill(page, { '75+': '10' });
    await button(page, /^登録する$/).click();
    await page.getByRole('img', { name: /市区町村ごとの参加率.*見本市/ }).waitFor();
    expect(faults()).toEqual([]);
    await context.close();
  });

  it('lets a municipal desk enrol somebody, print the card, reissue it and take a withdrawal', async () => {
    const { page, context, faults } = await open('staff:municipal');
    await menu(page, '参加登録');
    await page.getByRole('link', { name: '新しく登録する' }).click();
    await fill(page, { ...WHO, postcode: 'x' });
    await page.getByLabel('説明文書の版').fill('2026-04');
    await page.getByLabel('運転免許証').check();
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByLabel(/署名済み用紙の読み取り/).click(),
    ]);
    await chooser.setFiles({ name: 'form.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 a form') });
    await page.getByText('保存しました').waitFor();
    await button(page, 'すでに参加していないか確かめる').click();
    await page.getByText('同じ人は見つかりませんでした。').waitFor();
    await button(page, '登録する').click();
    await page.getByText('郵便番号は123-4567の形で入力してください。').first().waitFor();
    await fill(page, { postcode: '770-0001' });
    await button(page, '登録する').click();
    await page.getByRole('img', { name: 'カードのQRコード' }).waitFor();
    const printed = (await page.getByText(/^\d{4}-\d{4}-\d{4}$/).textContent())!;
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('heading', { name: '登録しました' }).isVisible()).toBe(false);
    expect(await page.getByRole('img', { name: 'カードのQRコード' }).isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    await screenshot(page, 'admin-card');

    // Somebody of the same name and birth date: looked at, and found to be the same person.
    await menu(page, '参加登録');
    await fill(page, { kanaFamily: 'みほん', kanaGiven: 'まどこ', birthDate: '1950-05-05' });
    await button(page, '探す').click();
    await page.getByRole('link', { name: '開く' }).click();
    await heading(page, '見本 窓子');
    await button(page, '再発行する').click();
    await answer(page, '再発行する');
    await page.getByRole('img', { name: 'カードのQRコード' }).waitFor();
    await page.getByRole('cell', { name: '紛失' }).waitFor();

    await menu(page, '参加登録');
    await fill(page, { card: printed });
    await button(page, '探す').first().click();
    await page.getByRole('button', { name: '探す' }).first().click();
    await page.getByText(/このカードは使えなくなっています/).waitFor();

    await fill(page, { kanaFamily: 'みほん', kanaGiven: 'まどこ', birthDate: '1950-05-05' });
    await button(page, '探す').click();
    await page.getByRole('link', { name: '開く' }).click();
    await button(page, '同意を撤回する').click();
    await page.getByRole('dialog').getByLabel('運転免許証').check();
    await answer(page, '同意を撤回する');
    await page.getByText('撤回', { exact: true }).first().waitFor();
    expect(page.url()).not.toMatch(/mihon|%E8|見|1950-?05/i);
    expect(await page.title()).not.toContain('見本');
    expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain(
      '見本',
    );
    expect(faults()).toEqual([]);
    await context.close();
  });

  it('shows two records side by side with what differs, and links them', async () => {
    const about = { resourceType: 'Patient', gender: 'male', birthDate: '1940-03-04' };
    const name = (kanji: string) => [
      { use: 'official', family: '見本', given: [kanji] },
      { use: 'official', family: 'ミホン', given: ['ジロウ'] },
    ];
    const identifier = (facility: string, value: string) => [
      { system: `urn:oid:1.2.392.100495.20.3.51.1${facility}`, value },
    ];
    const phone = [{ system: 'phone', value: '088-600-0001' }];
    const address = [{ text: '徳島県見本市2-2', postalCode: '770-0002' }];
    await send('system:hospital', 'POST', '/fhir/Patient', {
      ...{ ...about, name: name('次郎'), telecom: phone, address, identifier: identifier(HOSPITAL, 'H-1') },
    });
    await send('system:clinic', 'POST', '/fhir/Patient', {
      ...{ ...about, name: name('二郎'), telecom: phone, address, identifier: identifier(CLINIC, 'C-1') },
    });
    const { page, context, faults } = await open('staff:municipal');
    await menu(page, '名寄せの確認');
    const compare = page.getByRole('link', { name: '比べる' }).first();
    for (let tries = 0; tries < 40 && !(await compare.isVisible()); tries += 1) {
      await page.waitForTimeout(250);
      await menu(page, 'はじめに');
      await page.reload();
      await menu(page, '名寄せの確認');
      await page.getByRole('heading', { name: '名寄せの確認' }).waitFor();
      await page.waitForTimeout(250);
    }
    await compare.click();
    const kanji = page.getByRole('row').filter({ hasText: '氏名（漢字）' });
    await kanji.waitFor();
    expect(await kanji.textContent()).toContain('≠ 違う');
    expect((await kanji.locator('mark').allTextContents()).sort()).toEqual(['二', '次']);
    await screenshot(page, 'admin-identity');
    expect(await seriousFindings(page)).toEqual([]);
    await button(page, '同じ人にする').click();
    expect(await page.getByRole('dialog').getByRole('button', { name: '同じ人にする' }).isDisabled()).toBe(true);
    await page.getByRole('dialog').getByLabel('理由').fill('電話で確かめた');
    await answer(page, '同じ人にする');
    await page.getByText('確認を待つ組はありません。').waitFor();
    expect(faults()).toEqual([]);
    await context.close();
  });

  it('lets the privacy officer search the trail, report a leak and review a broken glass', async () => {
    const { id } = await send('system:hospital', 'POST', '/fhir/Patient', {
      resourceType: 'Patient',
      name: [{ family: '見本', given: ['急子'] }],
      birthDate: '1960-06-06',
    });
    await send('system:hospital', 'POST', '/fhir/AllergyIntolerance', {
      resourceType: 'AllergyIntolerance',
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
      },
      code: { text: 'ペニシリン' },
      patient: { reference: `Patient/${id}` },
    });
    const reason = encodeURIComponent('意識がなく家族もいないため');
    await send('staff:clinic-doctor', 'GET', `/fhir/AllergyIntolerance?patient=${id}`, undefined, {
      'x-purpose': 'BTG',
      'x-purpose-reason': reason,
    });
    const { page, context, faults } = await open('staff:privacy');
    await menu(page, '緊急時閲覧の確認');
    await page.getByRole('cell', { name: '意識がなく家族もいないため' }).waitFor();
    await page.getByRole('row').nth(1).getByRole('link').click();
    await page.getByRole('cell', { name: /^AllergyIntolerance\// }).waitFor();
    expect(await page.locator('main').textContent()).not.toMatch(/ペニシリン|急子/);
    await page.getByLabel('正当', { exact: true }).check();
    await button(page, '結果を記録する').click();
    await page.getByText('入力してください。').first().waitFor();
    await page.getByLabel('確認した内容').fill('救急外来の記録と一致した');
    await button(page, '結果を記録する').click();
    await page.getByText(/正当: 救急外来の記録と一致した/).waitFor();

    await menu(page, 'アクセス記録の検索');
    await page.getByLabel('患者ID').fill(id!);
    await button(page, '検索する').click();
    await page
      .getByRole('cell', { name: /clinic-doctor/ })
      .first()
      .waitFor();
    expect(await page.getByRole('row').filter({ hasText: 'clinic-doctor' }).first().textContent()).toContain(
      '緊急時の特別閲覧',
    );
    await screenshot(page, 'admin-audit');

    await menu(page, '漏えい等の報告');
    await page.locator('[name=account] option', { hasText: 'system-hospital' }).waitFor({ state: 'attached' });
    await fill(page, { account: 'system-hospital', from: '2026-01-01T00:00' });
    await button(page, '数える').click();
    await page.getByText('対象となる人').waitFor();
    const [saved] = await Promise.all([page.waitForEvent('download'), button(page, '一覧をCSVで保存する').click()]);
    const csv = readFileSync(await saved.path(), 'utf8');
    expect(csv.startsWith('\uFEFFpatient,person,source,first,last,accesses')).toBe(true);
    expect(csv).toContain(id);
    expect(csv).not.toContain('見本');
    await menu(page, '通常と異なる閲覧');
    await heading(page, '通常と異なる閲覧');
    expect(faults()).toEqual([]);
    await context.close();
  });

  it('says in the window where one is, and takes the keyboard along', async () => {
    const { page, context, faults } = await open('staff:admin');
    const focused = () => page.evaluate('document.activeElement.id || document.activeElement.textContent');
    await menu(page, '施設');
    const link = page.getByRole('link', { name: 'デモ中央病院' });
    await link.waitFor();
    expect(await page.title()).toMatch(/^施設 \| つむぎ /);

    // The first thing on every page leads past the navigation, and leaves nothing behind.
    await page.reload();
    await link.waitFor();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('本文へ移動');
    await fill(page, { name: '書きかけ' });
    await page.getByRole('link', { name: '本文へ移動' }).focus();
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('main');
    expect(await page.locator('[name=name]').inputValue()).toBe('書きかけ');

    await link.focus();
    await page.keyboard.press('Enter');
    await heading(page, 'デモ中央病院');
    await expect.poll(focused).toBe('main');
    expect(await page.title()).toMatch(/^施設 \| つむぎ /);
    await page.getByRole('button', { name: /日本語/ }).click();
    await page.getByRole('menuitem', { name: 'English' }).click();
    await expect.poll(() => page.title()).toMatch(/^Facilities \| つむぎ /);
    expect(faults()).toEqual([]);
    await context.close();
  });

  deskJourneys(offices);
  iheJourneys(offices);

  const whole = (who: string, names: string) =>
    zoomed(
      () => ({ browser, region: stack.region() }),
      who,
      names.split(' ').map((name) => `/admin/${name}`),
    );
  whole('staff:admin', `facilities facilities/${HOSPITAL} staff systems contracts import matrix usage`);
  whole('staff:municipal', 'people people/new applications identity progress');
  whole('staff:privacy', 'audit unusual break-glass leak review');

  it.each([
    ['staff:admin', 'ja'],
    ['staff:municipal', 'en'],
    ['staff:privacy', 'en'],
  ] as const)(
    'has no page of %s with a serious finding of axe, or wider than a telephone (%s)',
    async (who, language) => {
      const { page, context, complaints } = await open(who, language);
      const navigation = page.getByRole('navigation').getByRole('link');
      const links = await navigation.all();
      const paths = await Promise.all(links.map(async (one) => (await one.getAttribute('href')) ?? ''));
      expect(paths.length).toBeGreaterThan(4);
      const found: Record<string, readonly string[]> = {};
      for (const path of who === 'staff:municipal' ? [...paths, '#/admin/people/new'] : paths) {
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.evaluate(`location.hash = ${JSON.stringify(path.slice(path.indexOf('#')))}`);
        await page.locator('main h1').waitFor();
        await page.waitForLoadState('networkidle');
        const wide = await seriousFindings(page);
        if (language === 'en' && /[ぁ-ん一-龠]/.test((await page.locator('main h1').textContent()) ?? ''))
          wide.push('ja');
        const name = path.replace(/.*#\/admin/, '').replaceAll('/', '-');
        await screenshot(page, `admin-${who.slice('staff:'.length)}${name}`);
        await page.setViewportSize({ width: 360, height: 740 });
        const all = [...wide, ...(await seriousFindings(page))];
        const overflow = await overflowOf(page);
        if (overflow > 0) all.push(`${overflow} px too wide`);
        if (all.length > 0) found[path] = all;
      }
      expect(found).toEqual({});
      expect(complaints).toEqual([]);
      await context.close();
    },
  );
});
