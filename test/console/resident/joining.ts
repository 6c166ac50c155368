// From the letter of the desk to a record of one's own.
import { AdminCreateUserCommand } from '@aws-sdk/client-cognito-identity-provider';
import { expect, it } from 'vitest';
import { cognitoClient } from '../../../infra/local/demo/identities.ts';
import { visit } from '../../support/browser.ts';
import { type Given, until } from '../given.ts';

const PHONE = { width: 360, height: 740 };

export const joining = (given: Given): void => {
  it('signs in for the first time, applies, and has joined when the desk says so', async () => {
    const username = 'hanae@resident.example';
    const cognito = cognitoClient(given.stack.region());
    await cognito.send(
      new AdminCreateUserCommand({
        UserPoolId: given.stack.region().settings.RESIDENTS_POOL_ID!,
        Username: username,
        TemporaryPassword: 'Temporary-2026-1',
        MessageAction: 'SUPPRESS',
      }),
    );
    cognito.destroy();
    const fresh = await visit(given.browser, given.stack.region(), PHONE);
    const { page: first } = fresh;
    first.setDefaultTimeout(20_000);
    await first.getByText('住民').click();
    await first.locator('input[name=username]').fill(username);
    await first.locator('input[name=password]').fill('Temporary-2026-1');
    await first.getByRole('button', { name: '次へ' }).click();
    await first.getByLabel('新しいパスワード').fill('Tsumugi-first-2026');
    await first.getByRole('button', { name: '次へ' }).click();
    await first.getByRole('link', { name: '参加を申し込む' }).click();
    for (const [label, value] of [
      ['姓（漢字）', '架空'],
      ['名（漢字）', '花枝'],
      ['姓（かな）', 'カクウ'],
      ['名（かな）', 'ハナエ'],
      ['生年月日', '1950-02-03'],
      ['郵便番号', '770-0000'],
      ['住所', '徳島県架空市一丁目1-1'],
      ['市町村コード', '362018'],
    ] as const)
      await first.getByLabel(label).fill(value);
    await first.getByLabel('説明を読み、参加を申し込みます。').check();
    await first.getByRole('button', { name: '申し込む' }).click();
    const receipt = (await first.getByText(/^\d{4}-\d{4}-\d{4}$/).textContent())!.replaceAll('-', '');
    expect(fresh.complaints).toEqual([]);

    const evidence = { kind: 'paper', checked: ['my-number-card'], scan: 'file-1' };
    await given.call('staff:municipal', 'POST', `/enrolment/applications/${receipt}/confirmation`, { evidence });
    await first.goto(`${first.url().split('#')[0]}#/resident`);
    await until(async () => {
      await first.reload();
      return first
        .getByRole('link', { name: /わたしの記録/ })
        .last()
        .waitFor({ timeout: 2_000 })
        .then(
          () => true,
          () => false,
        );
    });
    await first
      .getByRole('main')
      .getByRole('link', { name: /カード/ })
      .click();
    await first.getByRole('img', { name: 'カードのQRコード' }).waitFor();
    await fresh.context.close();
  });
};
