// "Who looked at my record", and the privacy officer's questions: AuditEvent over REST, https://hl7.org/fhir/R4/auditevent.html
import { beforeEach, describe, expect, it } from 'vitest';
import { auditEvent } from '../../../functions/audit/audit-event.ts';
import { inWords } from '../../../functions/audit/in-words.ts';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { type Api, clinic, given, hospital, openApi, privacyOfficer, residentOf, stored } from '../../support/api.ts';
import { record } from './given.ts';

const doctor: Actor = {
  ...hospital,
  kind: 'staff',
  role: 'doctor',
  subject: 'staff-7',
  scopes: parseScopes('user/*.cruds'),
};

let api: Api;
/** A person with a record in the hospital and one in the clinic, both seen; another person, seen too. */
beforeEach(async () => {
  api = openApi();
  await stored(api, given.patient({ id: 'p1' }));
  await stored(api, given.patient({ id: 'p2' }), { as: clinic });
  await stored(api, given.patient({ id: 'p3' }));
  const { resources } = api.services;
  const heads = await resources.heads(['p1', 'p2']);
  await resources.commit(
    ['p1', 'p2'].map((patient, at) => ({
      kind: 'head' as const,
      patient,
      expectVersion: heads[at]?.version ?? 0,
      person: 'person-1',
      linked: ['p1', 'p2'],
      policy: undefined,
    })),
    api.time.now,
  );
  await api.send('GET', '/Patient/p1', { as: doctor });
  await api.send('GET', '/Patient/p2', { as: clinic });
  await api.send('GET', '/Patient/p3', { as: doctor });
});

interface Event extends Resource {
  readonly id: string;
  readonly action: string;
  readonly text: { readonly div: string };
  readonly source: { readonly site: string };
  readonly agent: { readonly who: { readonly identifier: { readonly value: string } } }[];
}

const events = async (query: string, as: Actor) => {
  const { status, body } = await api.send('GET', `/AuditEvent?${query}`, { as });
  return { status, found: (body.entry ?? []).map(({ resource }) => resource as Event) };
};
const sites = (found: readonly Event[]) => [...new Set(found.map(({ source }) => source.site))].sort();

describe('a resident', () => {
  it('sees at once who looked, in all linked records, when asking for one of them', async () => {
    const { status, found } = await events('patient=Patient/p1', residentOf('p1'));
    expect(status).toBe(200);
    expect(sites(found)).toEqual(['3610000001', '3610000002']);
    expect(found.map(({ action }) => action)).toEqual(['R', 'R', 'C', 'C']);
  });

  it('sees nothing of anybody else, and not that there is something', async () => {
    expect((await events('patient=Patient/p3', residentOf('p1'))).found).toEqual([]);
    expect((await events('patient=Patient/p1', residentOf('p3'))).found).toEqual([]);
  });

  it('must say whose', async () => {
    expect((await events('site=3610000001', residentOf('p1'))).status).toBe(400);
  });

  it('reads it in words, with role and time, and without the account of who looked', async () => {
    const { found } = await events('patient=Patient/p1', residentOf('p1'));
    const look = found.find(({ action, source }) => action === 'R' && source.site === '3610000001')!;
    expect(look.text.div).toContain(
      '機関 3610000001の医師が、診療のため、基本情報を閲覧しました（2026年11月22日 9時00分）。',
    );
    expect(JSON.stringify(found)).not.toContain('staff-7');
    for (const event of found) expect(validate(event)).toEqual([]);
  });

  it('opens one of them by its id, and none of another person', async () => {
    const { found } = await events('patient=Patient/p1', residentOf('p1'));
    expect((await api.send('GET', `/AuditEvent/${found[0]!.id}`, { as: residentOf('p1') })).status).toBe(200);
    expect((await api.send('GET', `/AuditEvent/${found[0]!.id}`, { as: residentOf('p3') })).status).toBe(404);
  });

  it('comes through pages to each event once', async () => {
    const ids: string[] = [];
    let url: string | undefined = '/AuditEvent?patient=Patient/p1&_count=1';
    for (let page = 0; url && page < 20; page += 1) {
      const { body }: { body: Awaited<ReturnType<Api['send']>>['body'] } = await api.send('GET', url, {
        as: residentOf('p1'),
      });
      ids.push(...(body.entry ?? []).map(({ resource }) => resource!.id!));
      url = body.link?.find(({ relation }) => relation === 'next')?.url;
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(4);
  });
});

describe('the privacy officer', () => {
  it('asks by account', async () => {
    const { found } = await events('agent:identifier=staff-7', privacyOfficer);
    expect(found).toHaveLength(2);
    expect(found[0]!.agent.at(-1)!.who.identifier.value).toBe('staff-7');
  });

  it('asks by facility', async () => {
    const { found } = await events('site=3610000002', privacyOfficer);
    expect(sites(found)).toEqual(['3610000002']);
    expect(found).toHaveLength(2);
  });

  it('asks by account and person, by facility and person, and by time', async () => {
    expect((await events('agent:identifier=staff-7&patient=p3', privacyOfficer)).found).toHaveLength(1);
    expect((await events('site=3610000002&patient=p1', privacyOfficer)).found).toHaveLength(2);
    expect((await events('agent:identifier=staff-7&date=lt2026-11-01', privacyOfficer)).found).toEqual([]);
  });

  it.each(['agent=Practitioner/x', 'site=here', 'agent:identifier=a,b', 'patient=a,b'])(
    'is told that %s is no question',
    async (query) => {
      expect((await events(query, privacyOfficer)).status).toBe(400);
    },
  );

  it('is told what no parameter is, and the rest is answered', async () => {
    const { body } = await api.send('GET', '/AuditEvent?patient=p1&policy=x', { as: privacyOfficer });
    expect(JSON.stringify(body)).toContain('agent:identifier and site only');
  });
});

it.each([doctor, hospital, { ...doctor, role: 'admin' } as Actor])('nobody else asks (%#)', async (as) => {
  expect((await events('site=3610000001', as)).status).toBe(403);
});

describe('in words', () => {
  const at = Date.parse('2026-11-22T01:15:00Z');
  it('says facility, role, purpose, what and when', () => {
    const text = inWords(record({ classes: ['clinical', 'document'], count: 3 }), at, '徳島中央病院');
    expect(text).toBe(
      '徳島中央病院の医師が、診療のため、診療記録・文書（3件）を閲覧しました（2026年11月22日 10時15分）。',
    );
  });

  it('does not say that who treats nobody has looked for treatment', () => {
    expect(inWords(record({ role: 'resident', facility: undefined, classes: ['clinical'] }), at, undefined)).toBe(
      'ご本人または代理の方が、診療記録を閲覧しました（2026年11月22日 10時15分）。',
    );
    expect(inWords(record({ role: 'municipal', purpose: 'PATADMIN' }), at, '市役所')).toContain('事務手続きのため');
  });

  it('says that an emergency was claimed, and that a look was refused', () => {
    expect(inWords(record({ purpose: 'BTG', role: 'ambulance' }), at, '消防')).toContain(
      '救急隊員が、緊急時の特別な閲覧として',
    );
    expect(inWords(record({ outcome: '4', status: 403 }), at, undefined)).toContain('閲覧しようとしました');
  });

  it('cannot be made to hold markup by the name of a facility', () => {
    const stored = { chain: 'a', number: 1, time: at, previous: Buffer.of(), hash: Buffer.of(), record: record() };
    const event = auditEvent(stored, { baseUrl: 'https://x', facilityName: '<script>"&' }) as Resource & {
      text: { div: string };
    };
    expect(event.text.div).toContain('&lt;script&gt;&quot;&amp;');
    expect(validate({ ...event, id: 'x' })).toEqual([]);
  });
});
