import { beforeEach, expect, it } from 'vitest';
import { auditOn } from '../../../functions/audit/chain.ts';
import { memoryAuditTable } from '../../../functions/audit/table.ts';
import { lastUseOn } from '../../../functions/tenants/last-use.ts';
import { DUE_AFTER_MS } from '../../../functions/tenants/review.ts';
import { NOW } from '../../support/api.ts';
import { type Desk, given, openDesk } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
  await desk.send('POST', '/admin/facilities', given.facility());
});

const invite = async (more = {}) => (await desk.send('POST', '/admin/staff', given.doctor(more))).body;
const second = { username: 'n.kaki', email: 'n.kaki@staff.example', role: 'nurse', profession: 'nurse' };

it('a new account is not due; a quarter later it is, with its last use', async () => {
  const member = await invite();
  expect((await desk.send('GET', '/admin/review/staff')).body.accounts).toEqual([]);

  desk.time.now += DUE_AFTER_MS;
  desk.used.set(member.sub, desk.time.now - 3_600_000);
  const { body } = await desk.send('GET', '/admin/review/staff');

  expect(body.accounts).toMatchObject([
    { id: member.id, username: 'y.sudachi', due: true, unused: false, disabled: false },
  ]);
});

it('one is kept, the other disabled; both decisions are recorded', async () => {
  const [kept, left] = [await invite(), await invite(second)];
  desk.time.now += DUE_AFTER_MS + 1000;

  const got = await desk.send('POST', '/admin/review/staff', { keep: [kept.id], disable: [left.id] });

  expect(got.body).toEqual({ kept: 1, disabled: 1 });
  expect(await desk.identities.staff(left.sub)).toMatchObject({ disabled: true });
  expect((await desk.user('n.kaki')).Enabled).toBe(false);
  expect((await desk.send('GET', '/admin/review/staff')).body.accounts).toEqual([]);
  expect((await desk.send('GET', '/admin/reviews')).body.reviews).toMatchObject([
    { by: 'admin-1', kind: 'staff', keep: [kept.id], disable: [left.id] },
  ]);
  expect(desk.recorded.filter(({ interaction }) => interaction === 'review-decide')).toHaveLength(1);
});

it('an account that was never used says so', async () => {
  await invite();
  desk.time.now += DUE_AFTER_MS;

  expect((await desk.send('GET', '/admin/review/staff')).body.accounts).toMatchObject([{ unused: true }]);
});

it('comes in pages', async () => {
  for (let i = 0; i < 52; i += 1)
    await invite({ ...second, username: `n.kaki${i}`, email: `n.kaki${i}@staff.example` });
  desk.time.now += DUE_AFTER_MS;

  const first = (await desk.send('GET', '/admin/review/staff')).body;
  const rest = (await desk.send('GET', `/admin/review/staff?after=${first.next}`)).body;

  expect([first.accounts.length, first.left, rest.accounts.length, rest.next]).toEqual([50, 2, 2, undefined]);
});

it('the last use comes from the audit trail, months back', async () => {
  const table = memoryAuditTable();
  const time = { now: NOW - 100 * 86_400_000 };
  const audit = auditOn(table, { clock: () => time.now, environmentId: 'test' });
  await audit.record([
    {
      action: 'R',
      interaction: 'read',
      actor: 'someone',
      actorKind: 'staff',
      role: 'doctor',
      facility: '3610000014',
      tokenId: 't',
      purpose: 'TREAT',
      requestId: 'r',
      patientKey: undefined,
      entities: [],
      count: 0,
      outcome: '0',
      status: 200,
    },
  ]);

  expect(await lastUseOn(table).of('someone', NOW)).toBeCloseTo(time.now, -7);
  expect(await lastUseOn(table).of('nobody', NOW)).toBeUndefined();
});
