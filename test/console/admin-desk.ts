// Journeys of the offices that come up rarely and must not fail then: applications, proxies, accounts, death, identity both ways, link
// contracts, people who move, keys that change, unusual reading. They run in admin.test.ts, over its stack; each office signs in once.
import { AdminCreateUserCommand } from '@aws-sdk/client-cognito-identity-provider';
import { expect, it, vi } from 'vitest';
import { signIn } from '../../infra/local/cognito/client.ts';
import { cognitoClient } from '../../infra/local/demo/identities.ts';
import { screenshot, seriousFindings } from '../support/browser.ts';
import {
  answer,
  because,
  button,
  CLINIC,
  confirm,
  fill,
  HOSPITAL,
  heading,
  menu,
  type Offices,
  section,
} from './offices.ts';

const LICENCE = '運転免許証';

/** Nobody of these is a real person. */
const form = (given: string, kana: string, more: object = {}) => ({
  name: { kanji: { family: '架空', given }, kana: { family: 'カクウ', given: kana } },
  birthDate: '1951-04-01',
  sex: 'female',
  address: { postcode: '770-0000', text: '徳島県架空市一丁目1-1', municipality: '362018' },
  phone: '090-0000-1234',
  route: 'counter',
  consent: { textVersion: '2026-04' },
  evidence: { kind: 'paper', checked: ['driving-licence'], scan: 'demo' },
  ...more,
});

export const deskJourneys = ({ office, send, world }: Offices): void => {
  /** Somebody with an own account, who has not joined. */
  const applies = async (email: string, given: string, kana: string): Promise<string> => {
    const { stack } = world();
    const { RESIDENTS_POOL_ID: poolId = '', RESIDENTS_CLIENT_ID: clientId = '' } = stack.region().settings;
    const cognito = cognitoClient(stack.region());
    try {
      const password = 'Temporary-2026-1';
      await cognito.send(
        new AdminCreateUserCommand({
          ...{ UserPoolId: poolId, Username: email, TemporaryPassword: password, MessageAction: 'SUPPRESS' },
        }),
      );
      const first = { client: cognito, poolId, clientId, username: email, password, newPassword: 'A-new-one-2026' };
      const { accessToken } = await signIn(first);
      const { evidence: _, ...wishes } = form(given, kana);
      return (await send(accessToken, 'POST', '/me/application', { ...wishes, route: 'qr' })).receipt!;
    } finally {
      cognito.destroy();
    }
  };

  it('confirms an application with what the papers say otherwise, and rejects another by its receipt', async () => {
    await applies('hanae@resident.example', '花枝', 'ハナエ');
    const receipt = await applies('tane@resident.example', '種', 'タネ');
    const { page, faults } = await office('staff:municipal');
    await menu(page, '参加の申請');
    await page.getByRole('link', { name: '架空 花枝' }).click();
    await heading(page, '架空 花枝');
    await page.getByText('QRコード', { exact: true }).waitFor();
    await page.getByLabel(LICENCE).check();
    await button(page, '書類と違うところを直す').click();
    await fill(page, { postcode: '7' });
    await button(page, '確定する').click();
    await page.getByText('郵便番号は123-4567の形で入力してください。').first().waitFor();
    await fill(page, { postcode: '770-0099', address: '徳島県架空市九丁目9', municipality: '36201' });
    await button(page, '確定する').click();
    await page.getByRole('img', { name: 'カードのQRコード' }).waitFor();
    await page.getByRole('link', { name: '登録した人を開く' }).click();
    await page.getByText('徳島県架空市九丁目9').waitFor();

    await menu(page, '参加の申請');
    await fill(page, { receipt });
    await button(page, '開く').click();
    await heading(page, '架空 種');
    await confirm(page, '却下する');
    await page.getByText('待っている申請はありません。').waitFor();
    expect(faults()).toEqual([]);
  });

  it('gives an account on paper, a proxy until it ends, and takes somebody back who had withdrawn', async () => {
    const { page, faults, go } = await office('staff:municipal');
    const { person } = await send(
      'staff:municipal',
      'POST',
      '/enrolment/people',
      form('糸', 'イト', { route: 'post' }),
    );
    const other = await send('staff:municipal', 'POST', '/enrolment/people', form('縫', 'ヌイ'));
    await go(`/admin/people/${person}`);
    await heading(page, '架空 糸');
    await page.getByText('郵送', { exact: true }).waitFor();

    const account = section(page, 'マイページのアカウント');
    await account.getByLabel('メールアドレス').fill('ito@resident.example');
    await account.getByRole('button', { name: 'アカウントを作る' }).click();
    await account.getByText('最初のパスワード', { exact: true }).waitFor();
    expect(await account.locator('p[class*=secret]').first().textContent()).toBe('ito@resident.example');
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('heading', { name: '架空 糸' }).isVisible()).toBe(false);
    expect(await account.locator('p[class*=secret]').last().isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    await go('/admin/people');
    await heading(page, '参加登録');
    await go(`/admin/people/${person}`);
    await confirm(page, 'パスワードを作り直す', (dialog) => dialog.getByLabel(LICENCE).check());
    await account.getByText('（登録済みのメールアドレス）').waitFor();

    const proxies = section(page, '代理人');
    const card = (other['card'] as unknown as { printed: string }).printed;
    await proxies.getByLabel('代理人のカード番号').fill(card);
    await fill(page, { kind: 'delegate', basis: '委任状 2026-7' }, proxies);
    await proxies.getByLabel(LICENCE).check();
    await proxies.getByRole('button', { name: '代理人を登録する' }).click();
    await proxies.locator('[name=until][aria-invalid=true]').waitFor();
    await fill(page, { until: '2027-03-31' }, proxies);
    await proxies.getByRole('button', { name: '代理人を登録する' }).click();
    await proxies.getByRole('cell', { name: '有効' }).waitFor();
    await proxies.getByRole('button', { name: '終了させる' }).click();
    await page.getByRole('dialog').getByLabel(LICENCE).check();
    await answer(page, '終了させる');
    await proxies.getByRole('cell', { name: '終了', exact: true }).waitFor();

    await confirm(page, '同意を撤回する', (dialog) => dialog.getByLabel(LICENCE).check());
    const steps = section(page, '撤回・再参加・死亡');
    await steps.getByLabel('説明文書の版').fill('2026-04');
    await steps.getByLabel(LICENCE).check();
    await steps.getByRole('button', { name: '再参加する' }).click();
    await steps.getByRole('img', { name: 'カードのQRコード' }).waitFor();
    await page.getByText('参加中', { exact: true }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);

    await go(`/admin/people/${other.person}`);
    await heading(page, '架空 縫');
    await confirm(page, '死亡を登録する', async (dialog) => {
      await fill(page, { on: '2026-01-01' }, dialog);
      await dialog.getByLabel(LICENCE).check();
    });
    await page.getByText('死亡', { exact: true }).first().waitFor();
    expect(faults()).toEqual([]);
  });

  it('takes a link back, splits a person, and merges and unmerges duplicates of one facility', async () => {
    const { page, faults, go } = await office('staff:municipal');
    const patient = async (system: string, number: string, given: string) =>
      (
        await send(system, 'POST', '/fhir/Patient', {
          resourceType: 'Patient',
          name: [{ family: '名寄', given: [given] }],
          identifier: [
            {
              system: `urn:oid:1.2.392.100495.20.3.51.1${system === 'system:hospital' ? HOSPITAL : CLINIC}`,
              value: number,
            },
          ],
        })
      ).id!;
    const [first, second, again] = await Promise.all([
      patient('system:hospital', 'N-1', '一'),
      patient('system:clinic', 'N-2', '二'),
      patient('system:hospital', 'N-3', '三'),
    ]);

    await menu(page, '名寄せの確認');
    await fill(page, { patient: first });
    await button(page, '開く').click();
    await section(page, 'この人の患者記録').waitFor();
    const link = section(page, '別の患者IDと同じ人にする');
    await fill(page, { other: second, reason: '電話で確かめた' }, link);
    await link.getByRole('button', { name: '同じ人にする' }).click();
    const records = section(page, 'この人の患者記録');
    await records.getByLabel(`デモ内科医院 · ${second}`).check();
    await confirm(page, '選んだ記録を別の人に分ける', because('取り違えだった'));
    await records.getByText(/^分けました。/).waitFor();
    expect(await records.getByRole('checkbox').count()).toBe(1);
    await confirm(page, '今すぐ名寄せする');
    await page.getByText(/^結果: (変わりは|同じ人は|確認待ちに)/).waitFor();

    const { id: pair } = await send('staff:municipal', 'POST', '/identity/links', {
      patients: [first, again],
      reason: '同じ人',
    });
    await go(`/admin/identity/${pair}`);
    await page.getByText('同一人', { exact: true }).waitFor();
    await confirm(page, '同じ施設の重複として統合する', because('二重登録'));
    await page.getByText('重複', { exact: true }).waitFor();
    await confirm(page, '統合を取り消す', because('別の人だった'));
    await page.getByText('同一人', { exact: true }).waitFor();
    await confirm(page, '連結を取り消す', because('別の人だった'));
    await page.getByText('別人', { exact: true }).waitFor();
    expect(faults()).toEqual([]);
  });

  it('moves somebody to another facility, sends the invitation again, and changes the key of a system', async () => {
    const { page, faults, go } = await office('staff:admin');
    const { id } = await send('staff:admin', 'POST', '/admin/staff', {
      ...{ username: 'utsuru', email: 'utsuru@staff.example', name: { family: '移動', given: '看' } },
      ...{ profession: 'nurse', licence: '777', role: 'nurse', facility: HOSPITAL },
    });
    await go(`/admin/staff/${id}`);
    await heading(page, '移動 看');
    await confirm(page, '招待を再送する');
    const place = page.getByRole('group', { name: '所属1' });
    await place.locator('select').first().selectOption(CLINIC);
    await button(page, '所属を保存する').click();
    await page.getByText(/^デモ内科医院 · 看護師/).waitFor();
    await page.getByText(/^デモ中央病院 · 看護師/).waitFor({ state: 'detached' });
    await button(page, '所属を加える').click();
    await fill(page, { facility: HOSPITAL, role: 'nurse', profession: 'nurse' });
    await button(page, '所属を保存する').click();
    await page.getByText(/^デモ中央病院 · 看護師/).waitFor();

    await send('staff:admin', 'POST', '/admin/systems', {
      ...{
        clientId: 'kagi',
        name: '鍵替え',
        facility: HOSPITAL,
        scopes: 'system/*.cruds',
        keys: [await publicKey('old')],
      },
    });
    await go('/admin/systems/kagi');
    await heading(page, '鍵替え');
    await button(page, '鍵を加える').click();
    await page.getByText('貼り付ける', { exact: true }).click();
    await page.getByLabel('公開鍵（JWKまたはJWKS）').fill('{ no json');
    await page.getByText('JSONとして読めません。').waitFor();
    await page.getByLabel('公開鍵（JWKまたはJWKS）').fill(JSON.stringify(await publicKey('new')));
    await button(page, 'この鍵を登録する').click();
    await page.getByRole('cell', { name: 'new', exact: true }).waitFor();
    await page.getByRole('row').filter({ hasText: 'old' }).getByRole('button', { name: '取り消す' }).click();
    await answer(page, '取り消す');
    await page.getByRole('cell', { name: 'old', exact: true }).waitFor({ state: 'detached' });
    await page.getByRole('cell', { name: 'new', exact: true }).waitFor();
    expect(faults()).toEqual([]);
  });

  it('suspends, resumes and ends a link contract, and leads a new one from its proposal into force', async () => {
    const { page, faults } = await office('staff:admin');
    const { stack } = world();
    const [here, there] = [stack.region('tokushima'), stack.region('kesen')];
    const [own, other] = [here.homeCommunityId, there.homeCommunityId];
    const theirs = await stack.token('staff:admin', 'kesen');
    const steps = section(page, '経過');
    const step = async (path: string, body: object = {}) => {
      const answered = await send(theirs, 'POST', `/federation/contracts${path}`, body, {}, 'kesen');
      expect(answered.resourceType, JSON.stringify(answered)).toBeUndefined();
    };
    /** Each side remembers a contract for two seconds, so whoever has just said something may have to say it again. */
    const hears = async (state: string) => {
      await vi.waitFor(
        async () => {
          await send(theirs, 'POST', `/federation/contracts/${own}/tell`, undefined, {}, 'kesen');
          const { peer } = (await send('staff:admin', 'GET', `/federation/contracts/${other}`)) as { peer?: unknown };
          expect(peer).toMatchObject({ state });
        },
        { timeout: 240_000, interval: 500 },
      );
      await page.reload();
      await steps.waitFor();
    };
    await menu(page, '他地域との連携');
    await page.getByRole('row').filter({ hasText: other }).getByRole('link').click();
    await steps.waitFor();
    const name = (await page.getByRole('heading', { level: 1 }).textContent())!;
    await confirm(page, '一時停止する', because('先方の障害'));
    await steps.getByRole('cell', { name: '先方の障害' }).waitFor();
    await page.getByText('自地域の状態が「一時停止」です。').waitFor();
    await confirm(page, '再開する');
    await page.getByText('止まっている理由').waitFor({ state: 'detached' });
    await confirm(page, '終了する', because('合併'));
    await steps.getByRole('cell', { name: '合併' }).waitFor();
    expect(await page.getByRole('button', { name: '再開する' }).count()).toBe(0);

    await step(`/${own}/end`, { reason: '合併' });
    await menu(page, '他地域との連携');
    await heading(page, '連携を提案する');
    await fill(page, { name, community: other, baseUrl: there.baseUrl, jwksUrl: `${there.baseUrl}/auth/jwks.json` });
    await button(page, '連携を提案する').click();
    await steps.getByRole('cell', { name: '提案', exact: true }).first().waitFor();
    const { terms } = await send('staff:admin', 'GET', `/federation/contracts/${other}`);
    await step('', {
      ...{ protocol: 'tsumugi', community: own, name: '徳島', terms },
      ...{ baseUrl: here.baseUrl, jwksUrl: `${here.baseUrl}/auth/jwks.json` },
    });
    await hears('proposed');
    await confirm(page, '承認する');
    await steps.getByRole('cell', { name: '承認', exact: true }).first().waitFor();
    await vi.waitFor(() => step(`/${own}/approve`), { timeout: 240_000, interval: 500 });
    await hears('approved');
    await confirm(page, '有効にする');
    await vi.waitFor(() => step(`/${own}/activate`), { timeout: 240_000, interval: 500 });
    await hears('active');
    await page.getByText('止まっている理由').waitFor({ state: 'detached' });
    await page.getByText('有効', { exact: true }).first().waitFor();

    // What charts have found out of a region that does not answer (functions/federation/circuits.ts) stands here too.
    const since = Date.parse('2026-11-22T01:02:00Z');
    await page.route(`**/federation/contracts/${other}`, async (route) => {
      const response = await route.fetch();
      const down = { since, last: since + 60_000, failures: 4, code: 'timeout' };
      await route.fulfill({ response, json: { ...(await response.json()), down } });
    });
    await page.reload();
    await page.getByText('2026/11/22 10:02から応答がありません（最後の照会は2026/11/22 10:03、続けて4回）').waitFor();
    await page.unrouteAll();
    expect(faults()).toEqual([]);
  });

  it('shows the privacy officer who has looked at a labelled person, and keeps what was found', async () => {
    const { id } = await send('system:hospital', 'POST', '/fhir/Patient', {
      resourceType: 'Patient',
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'CEL' }] },
      name: [{ family: '著名', given: ['人'] }],
    });
    await send('staff:nurse', 'GET', `/fhir/Patient/${id}`);
    await vi.waitFor(
      async () => expect((await send('staff:privacy', 'GET', '/audit/unusual')).findings).toHaveLength(1),
      { timeout: 240_000, interval: 500 },
    );
    const { page, faults } = await office('staff:privacy');
    await menu(page, '通常と異なる閲覧');
    const row = page.getByRole('row').filter({ hasText: /要注意者（VIP等）の閲覧.*nurse.*看護師.*デモ中央病院/ });
    await row.waitFor();
    expect(await page.locator('main').textContent()).not.toContain('著名');
    await row.getByRole('button', { name: '確認する' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('正当', { exact: true }).check();
    await dialog.getByLabel('確認した内容').fill('担当看護師だった');
    await dialog.getByRole('button', { name: '結果を記録する' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('確認済み', { exact: true }).click();
    await page.getByRole('cell', { name: '正当: 担当看護師だった' }).waitFor();
    expect(faults()).toEqual([]);
  });

  it('shows what the region is used for and costs, and gives it as a list', async () => {
    const { page, faults } = await office('staff:admin');
    await vi.waitFor(
      async () => {
        const { totals } = (await send('staff:admin', 'GET', '/admin/usage')) as unknown as {
          totals: { desk: number };
        };
        expect(totals.desk).toBeGreaterThan(20);
      },
      { timeout: 240_000, interval: 500 },
    );
    await menu(page, 'はじめに');
    await menu(page, '使用量と費用');
    await page.getByRole('img', { name: /日ごとの要求の棒グラフ。合計\d+/ }).waitFor();
    const cost = section(page, '費用の見込み');
    await cost.getByText(/^合計: \$\d+\.\d\d（[¥￥]/).waitFor();
    await cost.getByText('$3.95').waitFor();
    const row = page.getByRole('region', { name: '施設ごと' }).last().getByRole('row');
    expect(await row.filter({ hasText: 'デモ中央病院' }).textContent()).toMatch(/デモ中央病院/);
    await page.setViewportSize({ width: 1280, height: 1500 });
    await screenshot(page, 'admin-usage');
    await page.setViewportSize({ width: 1280, height: 800 });
    const [saved] = await Promise.all([page.waitForEvent('download'), button(page, 'CSVで保存する').click()]);
    const { readFileSync } = await import('node:fs');
    const csv = readFileSync(await saved.path(), 'utf8');
    expect(csv.startsWith('\uFEFFday,facility,name,fee_class,read,search,write')).toBe(true);
    expect(csv).toContain(HOSPITAL);
    await page.locator('[name=month]').selectOption({ index: 1 });
    await page.getByText('この月の利用はまだありません。').waitFor();
    expect(faults()).toEqual([]);
  });
};

const publicKey = async (kid: string): Promise<object> => {
  const { publicKey: key } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', key);
  return { kty, crv, x, y, kid, alg: 'ES384' };
};
