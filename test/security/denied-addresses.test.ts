// The addresses beside the FHIR API (its own walk: functions/interactions/denied.test.ts): /admin, /audit, /enrolment, /identity, /me,
// $match, $ihe-pix, /ihe. Who may come in stands here a second time, typed by hand; who may not, or may and asks for somebody of
// whom he may not know, is answered exactly as if there were nobody. A new address fails until it is in the table.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Actor, Role } from '../../functions/consent/actor.ts';
import { SETTLED_MS } from '../../functions/identity/link-changes.ts';
import {
  administrator,
  clinicDoctor,
  crew,
  municipal,
  operator,
  pharmacist,
  privacy,
  resident,
  staff,
} from '../functions/enrolment/given.ts';
import { clinic } from '../support/api.ts';
import { DESK, EVERYBODY, FACES, stepsOf, WALK } from './addresses.ts';
import { AILS, CLINIC, closed, her, kept, NAMES, open, type Region, somebody } from './closed-chart.ts';

/** What an answer says, without what is drawn by chance or told by the clock. */
const shapeOf = (text: string): unknown => {
  const shape = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shape);
    if (typeof value !== 'object' || value === null) return typeof value === 'string' ? 'text' : value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shape(one)]));
  };
  try {
    return shape(JSON.parse(text));
  } catch {
    return text.replace(/[0-9]{14}(\.[0-9]+)?([+-][0-9]{4})?/g, 'time').replace(/\bn[0-9]+\b/g, 'number');
  }
};

const nurse = staff('nurse', '3610000002', 'clinic');
const as = (role: Role): Actor =>
  role === 'system'
    ? clinic
    : role === 'resident'
      ? resident('nobody')
      : ([administrator, municipal, operator, privacy, clinicDoctor, crew, pharmacist, nurse].find(
          (one) => one.role === role,
        ) ?? staff(role, '3610000002', 'clinic'));

describe('the addresses beside the FHIR API', () => {
  it('are all here, with who may come in', async () => {
    const { routes } = await open();
    const roles = (of: readonly Role[]) => [...new Set(of)].sort().join(' ');
    expect(Object.fromEntries(routes.map((one) => [`${one.method} ${one.path}`, roles(one.roles)]))).toEqual(
      Object.fromEntries(Object.entries(WALK).map(([address, one]) => [address, roles(one.roles)])),
    );
  });

  /** Tables of routes that entries put together, and where each is walked. */
  it('are put together of tables that are all walked', () => {
    const tables = readdirSync('functions/entries').flatMap((file) => [
      ...readFileSync(`functions/entries/${file}`, 'utf8').matchAll(/\b([a-z]\w*Routes|routes|\w+Faces)\(/g),
    ]);
    expect([...new Set(tables.map(([, name]) => name))].sort()).toEqual([
      'breakGlassRoutes',
      'certificateRoutes',
      'consentRoutes',
      'contractRoutes', // what regions ask each other: functions/federation/lies.test.ts, trust.test.ts
      'enrolmentRoutes',
      'fhirFaces',
      'identityRoutes',
      'iheFaces',
      'pairingRoutes',
      'reportRoutes',
      'routes', // functions/interactions/denied.test.ts
      'tenantRoutes',
      'unusualRoutes',
      'usageRoutes',
    ]);
  });
});

describe('who is denied finds nothing', () => {
  it('at an address that is not for the role', async () => {
    const region = await open();
    const its = await closed(region);
    const before = await kept(region, its);
    for (const [address, { roles }] of Object.entries(WALK))
      for (const role of EVERYBODY.filter((one) => !roles.includes(one)))
        for (const step of stepsOf(address, its).slice(0, 3)) {
          const { status, text } = await region.ask(as(role), step);
          const what = `${role}: ${address}`;
          expect(status, what).toBe(403);
          for (const secret of [...NAMES, AILS]) expect(text, what).not.toContain(secret);
        }
    expect(await kept(region, its)).toBe(before);
  });

  /** Nobody of these may know of her: a resident, a facility that she has denied, and its staff; an administrator. */
  it('at an address that is: the answer is that of a region in which she does not exist', async () => {
    const region = await open();
    const its = await closed(region);
    const without = await open();
    const strangers = async (of: Region) => {
      const { person } = await of.joined(somebody('他人', 'タニン', '00000003'));
      const { patient } = await of.joined(somebody('余人', 'ヨジン', '00000004'));
      // That few of an age have joined is told to the office, and not who: somebody else of her age has.
      await of.joined({ ...somebody('同年', 'ドウネン', '00000005'), birthDate: her.birthDate });
      return { me: await of.account(person, 'stranger@example.test'), spare: patient };
    };
    without.time.now = region.time.now;
    const [here, there] = [await strangers(region), await strangers(without)];
    for (const { time } of [region, without]) time.now += SETTLED_MS; // what GET /ihe/updates does not tell yet
    const before = await kept(region, its);
    for (const role of ['resident', 'system', 'doctor', 'nurse', 'ambulance', 'admin'] as const) {
      const steps = [
        ...Object.entries(WALK).flatMap(([address, { roles }]) => (roles.includes(role) ? stepsOf(address, its) : [])),
        ...(role === 'resident' || role === 'admin' ? [] : FACES(its)),
      ].filter(
        ({ path }) => (role === 'system' || !path.startsWith('/ihe/')) && path !== '/enrolment/progress/recount', // how many have joined in all is no secret to the office
      );
      expect(steps.length, role).toBeGreaterThan(2);
      for (const step of steps) {
        const what = `${role}: ${step.method} ${step.path} ${JSON.stringify(step.body ?? '')}`;
        const mine = await region.ask(role === 'resident' ? here.me : as(role), step);
        const theirs = await without.ask(role === 'resident' ? there.me : as(role), step);
        const asked = decodeURIComponent(step.path) + JSON.stringify(step.body ?? '');
        for (const secret of [...NAMES, AILS, ...Object.values(its)])
          if (!asked.includes(secret)) expect(mine.text, what).not.toContain(secret);
        expect([mine.status, shapeOf(mine.text)], what).toEqual([theirs.status, shapeOf(theirs.text)]);
      }
    }
    // By its own number the clinic finds its own record, and not what the hospital calls her.
    const linked = await region.ask(clinic, {
      method: 'GET',
      path: `/fhir/Patient/$ihe-pix?sourceIdentifier=${encodeURIComponent(`urn:oid:${CLINIC}|C-5`)}`,
    });
    expect(linked.status).toBe(200);
    for (const secret of ['P-77', its.record, its.patient, its.paired]) expect(linked.text).not.toContain(secret);
    expect(await kept(region, its)).toBe(before);
  });

  it('of what ails her: not the desk that has enrolled her, nor the privacy officer, whatever they ask', async () => {
    const region = await open();
    const its = await closed(region);
    for (const role of [...DESK, 'privacy'] as const)
      for (const [address, { roles }] of Object.entries(WALK))
        for (const step of roles.includes(role) ? stepsOf(address, its) : []) {
          const { status, text } = await region.ask(as(role), step);
          expect(status, `${role}: ${address} ${text}`).not.toBe(500);
          expect(text, `${role}: ${address}`).not.toContain(AILS);
          if (role === 'privacy') for (const name of NAMES) expect(text, address).not.toContain(name);
        }
  });
});
