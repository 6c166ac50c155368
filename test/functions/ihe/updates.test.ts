// GET /ihe/updates: ITI-10 and ITI-46 as each facility fetches them, over a region's own records, identity desk and consents in memory.

import type { APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import type { Actor } from '../../../functions/consent/actor.ts';
import { link } from '../../../functions/identity/desk.ts';
import { fhirFaces } from '../../../functions/identity/fhir-faces.ts';
import { linkChanges, SETTLED_MS } from '../../../functions/identity/link-changes.ts';
import { pairId } from '../../../functions/identity/pairs.ts';
import { type FacesParts, iheFaces } from '../../../functions/ihe/faces.ts';
import { parseMessage, repetitions, segmentOf, value } from '../../../functions/ihe/hl7v2/message.ts';
import { readFeed } from '../../../functions/ihe/hl7v3/feed.ts';
import { facilityNumbers } from '../../../functions/ihe/region-index.ts';
import { parseEnvelope } from '../../../functions/ihe/soap/envelope.ts';
import type { Updates } from '../../../functions/ihe/updates.ts';
import { standalone } from '../../../functions/ihe/xml/tree.ts';
import { routes } from '../../../functions/interactions/routes.ts';
import { iheApi } from '../../../functions/middleware/ihe-api.ts';
import { isNumber } from '../../../functions/search/extract.ts';
import { clinic, hospital, openApi, residentOf, stored } from '../../support/api.ts';
import { consent, facilityActor } from '../../support/consents.ts';
import { CLINIC, HOSPITAL, halfWidth, openDesk, operator, patientOf } from '../identity/given.ts';
import { schemaFaults, v3Faults } from './support/schemas.ts';
import { hasVectors, skipped } from './support/vectors.ts';

const THIRD = '3610000003';
const third: Actor = { ...hospital, facility: THIRD, subject: 'system-third', tokenId: 'token-9' };
const elsewhere = [{ system: 'phone', value: '088-600-7777' }];
const because = { reason: 'looked at the forms of both' };

const open = () => {
  const region = { name: 'tokushima', baseUrl: 'https://api.tokushima.example', homeCommunityId: '1.2.3' };
  const desk = openDesk(openApi({ region: { ...region, consentDefault: 'implicit' } }));
  const { services, time, recorded } = desk.api;
  const known = async (system: string) =>
    [HOSPITAL, CLINIC, THIRD].some((code) => system === `urn:oid:${facilityNumbers(code)}`);
  let actor: Actor = hospital;
  let serial = 0;
  const parts = {
    fhir: routes(services),
    pix: fhirFaces(services, known),
    knowsDomain: known,
    isNumber,
    linkChanges: linkChanges(services),
    clock: services.clock,
    seal: services.seal,
    continuations: () => ({}) as ReturnType<FacesParts['continuations']>,
    region: services.region,
    newId: () => `n${serial++}`,
    onFault: () => undefined,
  };
  const handler = iheApi({ services, authenticate: async () => actor, log: () => undefined, faces: iheFaces(parts) });
  const fetched = async (as: Actor, params: Record<string, string> = {}, method = 'GET') => {
    actor = as;
    const event = {
      rawPath: '/ihe/updates',
      rawQueryString: new URLSearchParams(params).toString(),
      headers: {},
      requestContext: { requestId: 'r', http: { method } },
      isBase64Encoded: false,
    };
    const result = (await handler(event as never, {} as LambdaContext)) as APIGatewayProxyStructuredResultV2;
    const text = Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8').toString();
    return { status: result.statusCode, text, body: JSON.parse(text) as Updates };
  };
  /** What a listener hears next, as `facility|number` of each message, and where it stands then. */
  const listener = async (as: Actor, from: Record<string, string> = {}) => {
    let since = from.since ?? (await fetched(as)).body.next;
    return async (params: Record<string, string> = {}) => {
      time.now += SETTLED_MS + 1_000;
      const heard: string[][] = [];
      for (let more = true; more; ) {
        const { status, body } = await fetched(as, { ...from, ...params, since });
        expect(status).toBe(200);
        expect(body.notifications.length).toBeLessThanOrEqual(100);
        heard.push(...body.notifications.map(numbersIn));
        since = body.next;
        more = body.more;
      }
      return heard.sort((a, b) => (String(a) < String(b) ? -1 : 1));
    };
  };
  return { ...desk, time, recorded, fetched, listener };
};

const numbersIn = (message: string): string[] =>
  repetitions(segmentOf(parseMessage(message), 'PID'), 3).map((one) => `${one[3]?.[1]?.slice(-10)}|${one[0]?.[0]}`);

/** Two records that the matcher has made one person's. */
const linked = async () => {
  const region = open();
  const [ofHospital, ofClinic, ofThird] = [
    await region.listener(hospital),
    await region.listener(clinic),
    await region.listener(third),
  ];
  region.time.now += 1_000;
  const a = await region.register(patientOf(HOSPITAL, '1'));
  await region.resolve(a);
  const b = await region.register(halfWidth(CLINIC, '77'), clinic);
  await region.resolve(b);
  return { ...region, a, b, ofHospital, ofClinic, ofThird };
};

const BOTH = [[`${HOSPITAL}|1`, `${CLINIC}|77`]];
const BOTH_AT_CLINIC = [[`${CLINIC}|77`, `${HOSPITAL}|1`]];

describe('who listens to changes of links', () => {
  it('hears of a link that the matcher has made, at both facilities, once, and a third hears nothing', async () => {
    const { ofHospital, ofClinic, ofThird } = await linked();
    expect(await ofHospital()).toEqual(BOTH);
    expect(await ofClinic()).toEqual(BOTH_AT_CLINIC);
    expect(await ofHospital()).toEqual([]);
    expect(await ofThird()).toEqual([]);
  });

  it('hears of an unlink and of a link by the desk, of records that were taken out, and of one that is new', async () => {
    const { call, a, b, resources, register, resolve, personOf, ofHospital, ofClinic } = await linked();
    await Promise.all([ofHospital(), ofClinic()]);
    const pair = pairId(resources, a, b);
    expect((await call(operator, 'POST', `/identity/pairs/${pair}/unlink`, because)).status).toBe(200);
    expect(await ofHospital()).toEqual([[`${HOSPITAL}|1`]]);
    expect(await ofClinic()).toEqual([[`${CLINIC}|77`]]);

    expect((await call(operator, 'POST', '/identity/links', { patients: [a, b], ...because })).status).toBe(200);
    expect(await ofHospital()).toEqual(BOTH);
    expect(await ofClinic()).toEqual(BOTH_AT_CLINIC);

    const person = await personOf(a);
    const out = await call(operator, 'POST', `/identity/persons/${person}/split`, { patients: [b], ...because });
    expect(out.status).toBe(200);
    expect(await ofHospital()).toEqual([[`${HOSPITAL}|1`]]);
    expect(await ofClinic()).toEqual([[`${CLINIC}|77`]]);

    await resolve(await register(halfWidth(HOSPITAL, '9', { birthDate: '1990-01-01', telecom: elsewhere })));
    expect(await ofHospital()).toEqual([]); // alone, as it came
    await resolve(await register(halfWidth(THIRD, '5'), third));
    expect((await ofHospital()).concat(await ofClinic()).flat()).toContain(`${THIRD}|5`);
  });

  it('hears of what the log has had time to take, and of records of its own alone', async () => {
    const { register, resolve, fetched, ofHospital } = await linked();
    await ofHospital();
    const identifier = [
      { system: `urn:oid:${facilityNumbers(THIRD)}`, value: '5' },
      { system: `urn:oid:${facilityNumbers(HOSPITAL)}`, value: '1' }, // another's number beside its own
    ];
    await resolve(await register(patientOf(THIRD, '5', { identifier }), third));
    const early = await fetched(hospital, { since: '2026-11-01T00:00:00Z' });
    expect(early.body.notifications.flatMap(numbersIn)).not.toContain(`${THIRD}|5`);
    const heard = await ofHospital();
    expect(heard.map((one) => [...new Set(one)].sort())).toEqual([[`${HOSPITAL}|1`, `${CLINIC}|77`, `${THIRD}|5`]]);
  });

  it('hears that a record has left its person, which its facility has deleted', async () => {
    const { b, api, resolve, ofHospital, ofClinic } = await linked();
    await Promise.all([ofHospital(), ofClinic()]);
    expect((await api.send('DELETE', `/Patient/${b}`, { as: clinic })).status).toBe(204);
    await resolve(b);
    expect(await ofHospital()).toEqual([[`${HOSPITAL}|1`]]);
    expect(await ofClinic()).toEqual([]);
  });

  it('hears of a merge by the desk', async () => {
    const { call, register, ofHospital, ofClinic } = await linked();
    const again = await register(patientOf(HOSPITAL, '2', { birthDate: '1951-04-11' }));
    await Promise.all([ofHospital(), ofClinic()]);
    const [kept] = (
      await call(hospital, 'GET', `/fhir/Patient/$ihe-pix?sourceIdentifier=urn:oid:${facilityNumbers(HOSPITAL)}|1`)
    ).body.parameter
      .flatMap((one: { valueReference?: { reference: string } }) => one.valueReference?.reference ?? [])
      .filter((reference: string) => reference !== `Patient/${again}`);
    const merged = await call(operator, 'POST', '/identity/merges', {
      ...{ kept: kept.slice('Patient/'.length), replaced: again },
      ...because,
    });
    expect(merged.status).toBe(200);
    const heard = await ofHospital();
    expect(heard.map(([own]) => own).sort()).toEqual([`${HOSPITAL}|1`, `${HOSPITAL}|2`]);
    for (const message of heard)
      expect([...message].sort()).toEqual([`${HOSPITAL}|1`, `${HOSPITAL}|2`, `${CLINIC}|77`]);
    expect((await ofClinic()).map((one) => [...one].sort())).toEqual([
      [`${HOSPITAL}|1`, `${HOSPITAL}|2`, `${CLINIC}|77`],
    ]);
  });

  it('hears nothing of records that a person keeps from it, neither of a link nor of an end of it', async () => {
    const { call, api, register, resolve, listener, resources } = open();
    const deny = { type: 'permit', provision: [{ type: 'deny', actor: [facilityActor(CLINIC)] }] };
    const a = await register(patientOf(HOSPITAL, '1'));
    await resolve(a);
    await stored(api, consent(a, deny));
    const [ofHospital, ofClinic] = [await listener(hospital), await listener(clinic)];
    const b = await register(halfWidth(CLINIC, '77'), clinic);
    await resolve(b);
    expect((await ofHospital()).flat()).toContain(`${HOSPITAL}|1`);
    expect(await ofClinic()).toEqual([]);
    await call(operator, 'POST', `/identity/pairs/${pairId(resources, a, b)}/unlink`, because);
    expect((await ofHospital()).flat()).toEqual([`${HOSPITAL}|1`]);
    expect(await ofClinic()).toEqual([]);
  });

  it('is told what is asked for: of some domains, under a name, as HL7 v3', async () => {
    const { fetched, time, recorded } = await linked();
    time.now += SETTLED_MS + 1_000;
    const since = '2026-11-01T00:00:00Z';
    const [whole] = (await fetched(hospital, { since, receiver: 'EMR^H1' })).body.notifications;
    const message = parseMessage(whole!);
    expect(whole).toMatch(/\rEVN\|A31\|\d{14}/);
    expect([value(segmentOf(message, 'MSH'), 5), value(segmentOf(message, 'MSH'), 6)]).toEqual(['EMR', 'H1']);
    expect(whole).not.toMatch(/阿波|19510401/);
    expect(recorded.at(-1)).toMatchObject({ interaction: 'ihe-updates', actor: 'system-hospital', outcome: '0' });
    expect(recorded.at(-1)?.patientKey).toBeDefined();

    const only = await fetched(hospital, { since, domains: facilityNumbers(THIRD) });
    expect(only.body.notifications).toEqual([]);
    const v3 = await fetched(clinic, { since, format: 'hl7v3', domains: `urn:oid:${facilityNumbers(HOSPITAL)}` });
    const { action, body } = parseEnvelope(v3.body.notifications[0]!);
    expect(action).toBe('urn:hl7-org:v3:PRPA_IN201302UV02');
    expect(readFeed(body).event).toMatchObject({
      kind: 'revise',
      patient: {
        identifiers: [
          { authority: { oid: facilityNumbers(CLINIC) }, value: '77' },
          { authority: { oid: facilityNumbers(HOSPITAL) }, value: '1' },
        ],
      },
    });
  });

  it.skipIf(!hasVectors)(`is sent ITI-46 as HL7's schemas have it${skipped}`, async () => {
    const { fetched, time } = await linked();
    time.now += SETTLED_MS + 1_000;
    const { body } = await fetched(clinic, { since: '2026-11-01T00:00:00Z', format: 'hl7v3' });
    expect(schemaFaults('soap', body.notifications[0]!)).toEqual([]);
    const { source, body: content } = parseEnvelope(body.notifications[0]!);
    expect(v3Faults('PRPA_IN201302UV02', standalone(source, content))).toEqual([]);
  });

  it('walks many changes without loss or repeat, a hundred at most at a time', async () => {
    const { services, register, listener } = open();
    const heard = await listener(hospital);
    const expected: string[][] = [];
    for (let at = 0; at < 130; at += 1) {
      const alike = { name: [{ family: `甲${at}`, given: ['乙'] }] };
      const a = await register(patientOf(HOSPITAL, `h${at}`, alike));
      const b = await register(patientOf(CLINIC, `c${at}`, alike), clinic);
      await link(services, [a, b], { by: 'operator-1' });
      expected.push([`${HOSPITAL}|h${at}`, `${CLINIC}|c${at}`]);
    }
    expect(await heard()).toEqual(expected.sort((a, b) => (String(a) < String(b) ? -1 : 1)));
    expect(await heard()).toEqual([]);
  });

  it('is a facility’s system with a cursor of that facility’s own, or a time that has passed', async () => {
    const { fetched, time } = open();
    const { next } = (await fetched(hospital)).body;
    expect((await fetched(hospital, { since: next })).status).toBe(200);
    const stolen = await fetched(clinic, { since: next });
    expect([stolen.status, stolen.text.includes(next)]).toEqual([400, false]);
    const later = new Date(time.now + 60_000).toISOString();
    const wrongs: Record<string, string>[] = [
      { since: 'x' },
      { since: later },
      { format: 'x' },
      { domains: '1.2.9' },
      { receiver: 'a|b' },
      { id: '1' },
    ];
    for (const wrong of wrongs) expect((await fetched(hospital, wrong)).status, JSON.stringify(wrong)).toBe(400);
    expect((await fetched(residentOf('p1'))).status).toBe(403);
    expect((await fetched(hospital, {}, 'POST')).status).toBe(405);
  });
});
