// Privacy officers of facilities, whose addresses SNS keeps: over SNS's wire protocol, at the stand-in.
import { beforeEach, describe, expect, it } from 'vitest';
import { type Desk, given, HOSPITAL, openDesk, PHARMACY } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
  await desk.send('POST', '/admin/facilities', given.facility());
  await desk.send('POST', '/admin/facilities', given.pharmacy());
});

const HER = 'privacy@hospital.example';
const HIM = 'privacy@pharmacy.example';
const name = (code: string, email: string | null) =>
  desk.send('PATCH', `/admin/facilities/${code}`, { privacyOfficer: email === null ? null : { email } });
const told = async (code: string) => (await desk.send('GET', `/admin/facilities/${code}`)).body.privacyOfficer;
const confirm = async (email: string) => {
  const mail = desk.mails().findLast(({ to, kind }) => to === email && kind === 'confirmation');
  expect((await fetch(mail!.link!)).status).toBe(200);
};
const alarm = async (...facility: string[]) => {
  const before = desk.mails().length;
  // A topic that may be published to is the watch's; the desk may not, as permissions.ts has it.
  await (desk.officers as unknown as { publish: (message: object) => Promise<void> }).publish({
    subject: 'Tsumugi: privacy review',
    text: 'something to look at',
    attributes: { facility },
  });
  return desk
    .mails()
    .slice(before)
    .map(({ to }) => to)
    .sort();
};

describe('the privacy officer of a facility', () => {
  it('confirms the address, and is told of that facility only', async () => {
    expect((await name(HOSPITAL, HER)).status).toBe(200);
    expect(await told(HOSPITAL)).toEqual({ email: HER, confirmed: false });
    expect(await alarm(HOSPITAL)).toEqual([]);
    await confirm(HER);
    expect(await told(HOSPITAL)).toEqual({ email: HER, confirmed: true });
    expect(await alarm(HOSPITAL, '9886000005')).toEqual([HER]);
    expect(await alarm(PHARMACY)).toEqual([]);
  });

  it('may be that of several, and of fewer again', async () => {
    await name(HOSPITAL, HER);
    await confirm(HER);
    expect((await name(PHARMACY, HER)).status).toBe(200);
    expect(await alarm(PHARMACY)).toEqual([HER]);
    expect(await alarm(PHARMACY, HOSPITAL)).toEqual([HER]);
    await name(HOSPITAL, HIM);
    await confirm(HIM);
    expect([await alarm(HOSPITAL), await alarm(PHARMACY)]).toEqual([[HIM], [HER]]);
  });

  it('hears nothing any more once another, or nobody, is', async () => {
    await name(HOSPITAL, HER);
    await confirm(HER);
    expect((await name(HOSPITAL, null)).status).toBe(200);
    expect(await alarm(HOSPITAL)).toEqual([]);
    expect(await told(HOSPITAL)).toBeUndefined();
  });

  it('is sent the question again while it waits, and is not asked for a second facility before the first is answered', async () => {
    await name(HOSPITAL, HER);
    await name(HOSPITAL, HER);
    expect(desk.mails().filter(({ kind }) => kind === 'confirmation')).toHaveLength(2);
    const second = await name(PHARMACY, HER);
    expect(second).toMatchObject({ status: 409, body: { issue: [{ expression: ['privacyOfficer'] }] } });
    expect(await told(PHARMACY)).toBeUndefined();
  });

  it('is kept when something else of the facility changes, and is refused without naming it', async () => {
    await name(HOSPITAL, HER);
    await desk.send('PATCH', `/admin/facilities/${HOSPITAL}`, { name: '阿波総合病院' });
    expect(await told(HOSPITAL)).toMatchObject({ email: HER });
    const wrong = await name(HOSPITAL, 'not an address');
    expect(wrong.status).toBe(400);
    expect(JSON.stringify([wrong.body, desk.logged, desk.recorded])).not.toMatch(/not an address|hospital\.example/);
  });
});
