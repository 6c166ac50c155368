import { InitiateAuthCommand, SetUserMFAPreferenceCommand } from '@aws-sdk/client-cognito-identity-provider';
import { beforeEach, describe, expect, it } from 'vitest';
import { validate } from '../../../functions/fhir/validate.ts';
import { admin, type Desk, given, HOSPITAL, OFFICE, openDesk, PHARMACY } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
  await desk.send('POST', '/admin/facilities', given.facility());
  await desk.send('POST', '/admin/facilities', given.pharmacy());
});

const invite = async (more = {}) => (await desk.send('POST', '/admin/staff', given.doctor(more))).body;
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
const find = (type: string, id: string) => desk.resources.get(type, id).then((stored) => stored?.resource());

describe('an invited doctor', () => {
  it('has an account, a group, an identity row, a Practitioner and a PractitionerRole', async () => {
    const member = await invite();

    expect(member).toMatchObject({
      username: 'y.sudachi',
      disabled: false,
      places: [{ facility: HOSPITAL, role: 'doctor' }],
    });
    expect(await desk.user('y.sudachi')).toMatchObject({ Enabled: true, UserStatus: 'FORCE_CHANGE_PASSWORD' });
    expect(await desk.groups('y.sudachi')).toEqual([HOSPITAL]);
    expect(await desk.identities.staff(member.sub)).toMatchObject({ disabled: false, active: HOSPITAL });
    const practitioner = await find('Practitioner', member.id);
    expect(practitioner).toMatchObject({ active: true, qualification: [{ identifier: [{ value: '123456' }] }] });
    expect(validate(practitioner!, { type: 'Practitioner' }).filter(({ severity }) => severity === 'error')).toEqual(
      [],
    );
    const { items } = await desk.resources.walk({ type: 'PractitionerRole', isRegistry: true });
    expect(items.map((item) => item.resource())).toMatchObject([
      {
        active: true,
        practitioner: { reference: `Practitioner/${member.id}` },
        organization: { reference: expect.stringMatching(/^Organization\//) },
      },
    ]);
  });

  it('changes the temporary password and sets up a second factor before the first token, and is a doctor of that hospital in it', async () => {
    await invite();

    const { accessToken, totpSecret } = await desk.firstSignIn('y.sudachi');

    expect(totpSecret).toMatch(/^[A-Z2-7]{20,}$/);
    expect(claimsOf(accessToken)).toMatchObject({ facility: HOSPITAL, facility_type: 'hospital', role: 'doctor' });
  });

  it('is invited once, however often the same request comes', async () => {
    const first = await invite();
    const again = await desk.send('POST', '/admin/staff', given.doctor());

    expect(again).toMatchObject({ status: 200, body: { id: first.id, sub: first.sub } });
  });
});

describe('an invitation is refused', () => {
  it.each([
    ['a role that the facility has not', { facility: PHARMACY }, 'role'],
    ['a facility that is not of the region', { facility: '3610000022' }, 'facility'],
    ['a licensed role without a licence', { licence: undefined }, 'licence'],
    ['an address that is none', { email: 'nobody' }, 'email'],
    ['a name with a line break', { name: { family: 'a\nb', given: 'c' } }, 'name.family'],
    ['a name of an account with other letters', { username: 'Y Sudachi' }, 'username'],
  ])('with %s', async (_, more, at) => {
    const got = await desk.send('POST', '/admin/staff', given.doctor(more));

    expect(got.status).toBe(400);
    expect(got.body.issue[0].expression).toEqual([at]);
    await expect(desk.user('y.sudachi')).rejects.toThrow();
  });

  it('when the address belongs to another account', async () => {
    await invite();

    const got = await desk.send('POST', '/admin/staff', given.doctor({ username: 'another' }));

    expect(got).toMatchObject({ status: 409, body: { issue: [{ expression: ['email'] }] } });
  });

  it('when an account of the name was left behind with another address: it may be somebody else', async () => {
    await desk.needs.accounts.invite('y.sudachi', 'somebody.else@staff.example');

    expect((await desk.send('POST', '/admin/staff', given.doctor())).status).toBe(409);
  });

  it('never because an earlier try was cut off: what it left is taken up again', async () => {
    await desk.needs.accounts.invite('y.sudachi', 'y.sudachi@staff.example');

    expect((await desk.send('POST', '/admin/staff', given.doctor())).status).toBe(201);
  });

  it('when the name belongs to somebody with other rights', async () => {
    await invite();

    expect((await desk.send('POST', '/admin/staff', given.doctor({ role: 'nurse', profession: 'nurse' }))).status).toBe(
      409,
    );
  });
});

describe('a doctor who is disabled', () => {
  it('is refused by row, account and session, and the Practitioner is inactive', async () => {
    const member = await invite();
    const { refreshToken, totpSecret } = await desk.firstSignIn('y.sudachi');

    const got = await desk.send('POST', `/admin/staff/${member.id}/disable`);

    expect(got).toMatchObject({ status: 200, body: { disabled: true } });
    expect(await desk.identities.staff(member.sub)).toMatchObject({ disabled: true, notBefore: desk.time.now });
    expect((await desk.user('y.sudachi')).Enabled).toBe(false);
    await expect(desk.signIn('y.sudachi', totpSecret)).rejects.toThrow();
    await expect(refresh(refreshToken)).rejects.toThrow();
    expect(await find('Practitioner', member.id)).toMatchObject({ active: false });
  });

  it('comes back when enabled, with tokens from then on only', async () => {
    const member = await invite();
    const { totpSecret } = await desk.firstSignIn('y.sudachi');
    await desk.send('POST', `/admin/staff/${member.id}/disable`);

    await desk.send('POST', `/admin/staff/${member.id}/enable`);

    expect(await desk.identities.staff(member.sub)).toMatchObject({ disabled: false, notBefore: desk.time.now });
    expect((await desk.signIn('y.sudachi', totpSecret)).accessToken).toBeTruthy();
  });
});

const refresh = (token: string) =>
  desk.cognito.send(
    new InitiateAuthCommand({
      AuthFlow: 'REFRESH_TOKEN_AUTH',
      ClientId: 'staffclient',
      AuthParameters: { REFRESH_TOKEN: token },
    }),
  );

describe('a lost second factor', () => {
  it('cannot be taken off by a preference, neither by an administrator nor by the person', async () => {
    await invite();
    const { accessToken } = await desk.firstSignIn('y.sudachi');

    await desk.cognito.send(
      new SetUserMFAPreferenceCommand({ AccessToken: accessToken, SoftwareTokenMfaSettings: { Enabled: false } }),
    );

    await expect(desk.signIn('y.sudachi', undefined)).rejects.toThrow('a second factor is set up');
  });

  it('means a new account of the same name: a new password, a new factor, the same rights; the old one stays refused', async () => {
    const member = await invite();
    const { totpSecret: lost } = await desk.firstSignIn('y.sudachi');

    const got = await desk.send('POST', `/admin/staff/${member.id}/second-factor/reset`, {});

    expect(got).toMatchObject({ status: 200, body: { id: member.id, username: 'y.sudachi', disabled: false } });
    expect(got.body.sub).not.toBe(member.sub);
    expect(await desk.identities.staff(member.sub)).toMatchObject({ disabled: true });
    await expect(desk.signIn('y.sudachi', lost)).rejects.toThrow();
    const { accessToken, totpSecret } = await desk.firstSignIn('y.sudachi');
    expect(totpSecret).not.toBe(lost);
    expect(claimsOf(accessToken)).toMatchObject({ sub: got.body.sub, role: 'doctor', facility: HOSPITAL });
    expect(await desk.groups('y.sudachi')).toEqual([HOSPITAL]);
  });

  it('goes on where it was cut off', async () => {
    const member = await invite();
    const { accounts } = desk.needs;
    const invitation = accounts.invite;
    Object.assign(accounts, { invite: () => Promise.reject(new Error('cut off')) });
    expect((await desk.send('POST', `/admin/staff/${member.id}/second-factor/reset`, {})).status).toBe(500);
    Object.assign(accounts, { invite: invitation });

    const got = await desk.send('POST', `/admin/staff/${member.id}/second-factor/reset`, {
      email: 'y.sudachi@staff.example',
    });

    expect(got).toMatchObject({ status: 200, body: { disabled: false } });
  });

  it('is no way back in for somebody who is disabled', async () => {
    const member = await invite();
    await desk.send('POST', `/admin/staff/${member.id}/disable`);

    expect((await desk.send('POST', `/admin/staff/${member.id}/second-factor/reset`, {})).status).toBe(409);
  });
});

describe('a pharmacist who moves', () => {
  const pharmacist = {
    role: 'pharmacist',
    profession: 'pharmacist',
    facility: HOSPITAL,
    username: 'p.yuzu',
    email: 'p.yuzu@staff.example',
  };

  it('has the new place only: row, group, role and the next token', async () => {
    const member = await invite(pharmacist);
    const { refreshToken, totpSecret } = await desk.firstSignIn('p.yuzu');

    const got = await desk.send('POST', `/admin/staff/${member.id}/move`, { from: HOSPITAL, to: PHARMACY });

    expect(got.body.places).toEqual([{ facility: PHARMACY, role: 'pharmacist', profession: 'pharmacist' }]);
    expect(await desk.identities.staff(member.sub)).toMatchObject({ active: PHARMACY, notBefore: desk.time.now });
    expect(await desk.groups('p.yuzu')).toEqual([PHARMACY]);
    await expect(refresh(refreshToken)).rejects.toThrow();
    expect(claimsOf((await desk.signIn('p.yuzu', totpSecret)).accessToken)).toMatchObject({ facility: PHARMACY });
    const { items } = await desk.resources.walk({ type: 'PractitionerRole', isRegistry: true });
    expect(items.map((item) => item.resource()['active']).sort()).toEqual([false, true]);
  });

  it('may work at both', async () => {
    const member = await invite(pharmacist);
    const place = { role: 'pharmacist', profession: 'pharmacist' };

    await desk.send('PUT', `/admin/staff/${member.id}/places`, {
      places: [
        { facility: PHARMACY, ...place },
        { facility: HOSPITAL, ...place },
      ],
    });

    expect(await desk.groups('p.yuzu')).toEqual([HOSPITAL, PHARMACY].sort());
  });

  it('is not left with wider scopes than the place had', async () => {
    const member = await invite(pharmacist);
    const row = await desk.rows.get({ p: `auth#staff#${member.sub}`, s: '-' });
    const narrowed = JSON.parse(row!.d);
    narrowed.memberships[0].scopes = 'user/Patient.rs';
    await desk.rows.write([{ ...row!, before: row!.d, d: JSON.stringify(narrowed) }]);

    await desk.send('POST', `/admin/staff/${member.id}/move`, { from: HOSPITAL, to: PHARMACY });

    expect((await desk.identities.staff(member.sub))?.memberships).toMatchObject([
      { facility: PHARMACY, scopes: 'user/Patient.rs' },
    ]);
  });
});

describe('an administrator', () => {
  const office = { facility: OFFICE, licence: undefined, profession: 'officer' };
  beforeEach(() => desk.send('POST', '/admin/facilities', given.facility({ code: OFFICE, type: 'operator' })));

  it('belongs to the operator only', async () => {
    expect((await desk.send('POST', '/admin/staff', given.doctor({ role: 'admin' }))).status).toBe(400);
    expect((await desk.send('POST', '/admin/staff', given.doctor({ ...office, role: 'admin' }))).status).toBe(201);
  });

  it('does not change the own account', async () => {
    const member = await invite({ ...office, role: 'admin' });
    const own = { ...admin, subject: member.sub };

    for (const path of ['disable', 'second-factor/reset', 'move'])
      expect((await desk.send('POST', `/admin/staff/${member.id}/${path}`, bodyOf(path), own)).status).toBe(422);
  });

  const bodyOf = (path: string) =>
    path === 'disable' ? undefined : path === 'move' ? { from: OFFICE, to: OFFICE } : {};

  it('invites again who has not signed in yet, and nobody else', async () => {
    const member = await invite();

    expect((await desk.send('POST', `/admin/staff/${member.id}/invitation`)).status).toBe(202);
    await desk.firstSignIn('y.sudachi');
    expect((await desk.send('POST', `/admin/staff/${member.id}/invitation`)).status).toBe(409);
  });

  it('finds no name, address or licence in the trail and the log', async () => {
    const member = await invite();
    await desk.send('GET', `/admin/staff/${member.id}`);
    await desk.send('GET', '/admin/staff');

    expect(JSON.stringify([desk.recorded, desk.logged])).not.toMatch(/sudachi|酢橘|123456/);
    expect(desk.recorded.map(({ interaction }) => interaction)).toContain('staff-invite');
  });
});
