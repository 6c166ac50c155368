// What was typed outlives a session and a network that are lost, and is written once.
import { AdminUserGlobalSignOutCommand } from '@aws-sdk/client-cognito-identity-provider';
import { expect, it } from 'vitest';
import { cognitoClient, readSecrets } from '../../../infra/local/demo/identities.ts';
import { forgetSession, freshCode } from '../../support/browser.ts';
import { type Given, until } from '../given.ts';
import { inTurn, refused, unheard } from '../troubles.ts';

const PATIENT = 'demo-clinic-1';

export const lost = (given: Given): void => {
  const countOf = async (query: string): Promise<number> =>
    (await given.call<{ total: number }>('system:clinic', 'GET', `/fhir/${query}&_summary=count`)).total;

  it('keeps a half-filled note, vital signs and a prescription while its writer signs in again, and writes each once', async () => {
    const region = given.stack.region();
    const who = 'staff:clinic-doctor';
    const account = readSecrets(region).people[who]!;
    const seen = await given.open(who, `/clinic/patients/${PATIENT}`);
    const { page } = seen;
    const note = '途中まで書いた所見。セッション切れ。';
    await page.getByRole('button', { name: '記録', exact: true }).click();
    await page.getByLabel('本文 *').fill(note);
    await page.getByRole('button', { name: 'バイタル', exact: true }).click();
    await page.getByLabel(/^脈拍/).fill('71');
    await page.getByRole('button', { name: '処方', exact: true }).click();
    await page.getByLabel('薬剤名 *', { exact: true }).fill('ロキソプロフェン錠６０ｍｇ');
    await page.getByLabel('用法 *', { exact: true }).fill('内服 疼痛時');
    await page.getByLabel('数量 *', { exact: true }).fill('10');

    // Signed out everywhere: neither this token nor the one to renew it with is good any more.
    const cognito = cognitoClient(region);
    await cognito.send(
      new AdminUserGlobalSignOutCommand({ UserPoolId: region.settings['STAFF_POOL_ID']!, Username: account.username }),
    );
    cognito.destroy();
    forgetSession(region, who);
    await inTurn(page, /\/fhir\/MedicationRequest\//, [refused]);
    await page.getByRole('button', { name: '保存', exact: true }).click();
    const asking = page.getByRole('heading', { name: 'もう一度サインインしてください' });
    await asking.waitFor();
    const next = page.getByRole('button', { name: '次へ' });
    const wrong = page.getByText('確認コードが違います。').or(page.getByText('確認コードの期限が切れました。')).first();
    // A code is good once, and whoever signed in by the API has had this half minute's: then the next is tried.
    for (let attempt = 0; attempt < 4 && (await asking.isVisible()); attempt += 1) {
      await page.locator('input[name=username]').fill(account.username);
      await page.locator('input[name=password]').fill(account.password);
      await next.click();
      await page.locator('input[name=code]').fill(await freshCode(account.totpSecret!));
      await next.click();
      await page.locator('input[name=code]').waitFor({ state: 'detached' });
      await until(async () => !(await asking.isVisible()) || (await wrong.isVisible()));
    }
    await asking.waitFor({ state: 'detached' });

    expect(await page.getByLabel('薬剤名 *', { exact: true }).inputValue()).toBe('ロキソプロフェン錠６０ｍｇ');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('処方を保存しました。').waitFor();
    await page.getByRole('button', { name: 'バイタル', exact: true }).click();
    expect(await page.getByLabel(/^脈拍/).inputValue()).toBe('71');
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('バイタルを保存しました。').waitFor();

    // The network goes: it is said at once, and nothing is sent later by itself.
    await page.getByRole('button', { name: '記録', exact: true }).click();
    expect(await page.getByLabel('本文 *').inputValue()).toBe(note);
    const before = await countOf(`DocumentReference?patient=${PATIENT}`);
    await seen.context.setOffline(true);
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('通信できません。接続を確かめてください。').waitFor();
    await page.getByText('オフラインです。').waitFor();
    expect(await page.getByLabel('本文 *').inputValue()).toBe(note);
    await seen.context.setOffline(false);
    await page.getByText('オフラインです。').waitFor({ state: 'detached' });
    expect(await countOf(`DocumentReference?patient=${PATIENT}`)).toBe(before);

    // The answer is lost after the record was written: whoever saves again has one record and not two.
    await inTurn(page, /\/fhir\/DocumentReference\//, [unheard]);
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('通信できません。接続を確かめてください。').waitFor();
    await page.getByLabel('本文 *').fill(`${note}追記あり。`);
    await page.getByRole('button', { name: '保存', exact: true }).click();
    await page.getByText('記録を保存しました。').waitFor();
    expect(await countOf(`DocumentReference?patient=${PATIENT}`)).toBe(before + 1);
    const { entry } = await given.call<{ entry: { resource: { content: { attachment: { data: string } }[] } }[] }>(
      'system:clinic',
      'GET',
      `/fhir/DocumentReference?patient=${PATIENT}&_linked=false`,
    );
    const texts = entry.map(({ resource }) =>
      Buffer.from(resource.content[0]?.attachment.data ?? '', 'base64').toString('utf8'),
    );
    expect(texts.filter((text) => text.startsWith(note))).toEqual([`${note}追記あり。`]);
    await seen.context.close();
  });
};
