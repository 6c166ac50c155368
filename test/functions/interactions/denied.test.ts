// Whatever the address: who is denied finds nothing, not even a count. The list is held against the route table and the operations, so
// that a new address fails here until it is walked too.
import { describe, expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor } from '../../../functions/consent/actor.ts';
import { ROUTES } from '../../../functions/interactions/routes.ts';
import { OPERATIONS } from '../../../functions/operations/operations.ts';
import { type Api, clinic, given, openApi, stored } from '../../support/api.ts';
import { consent, facilityActor } from '../../support/consents.ts';

/** Stands in every record that must not be seen, and in nothing else. */
const SECRET = 'kakushigoto';
const LAB = { coding: [{ system: 'http://loinc.org', code: '718-7' }], text: SECRET };
const doctor: Actor = { ...clinic, kind: 'staff', role: 'doctor', scopes: parseScopes('user/*.cruds') };

/** A chart of the hospital that its patient has closed to the clinic, and a linked record of the clinic's own. */
const denied = async (api: Api) => {
  const patient = await stored(
    api,
    given.patient({ name: [{ family: SECRET }], telecom: [{ system: 'phone', value: '0881234567' }] }),
  );
  const subject = { reference: `Patient/${patient.id}` };
  const encounter = await stored(api, {
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject,
    reasonCode: [{ text: SECRET }],
  });
  const observation = await stored(
    api,
    given.observation(patient.id, { code: LAB, encounter: { reference: `Encounter/${encounter.id}` } }),
  );
  await stored(api, { ...observation, note: [{ text: SECRET }] });
  const binary = await stored(api, {
    resourceType: 'Binary',
    contentType: 'text/plain',
    data: Buffer.from(SECRET).toString('base64'),
    securityContext: subject,
  });
  const list = await stored(api, {
    resourceType: 'List',
    status: 'current',
    mode: 'working',
    title: SECRET,
    subject,
    entry: [{ item: { reference: `Observation/${observation.id}` } }],
  });
  const task = await stored(api, {
    resourceType: 'Task',
    status: 'requested',
    intent: 'order',
    description: SECRET,
    for: subject,
    owner: { reference: 'Organization/somebody-else' },
  });
  await stored(api, consent(patient.id, { type: 'deny', actor: [facilityActor(clinic.facility!)] }));
  const own = await stored(api, given.patient(), { as: clinic });
  const linked = [patient.id, own.id];
  const [head] = await api.services.resources.heads([patient.id]);
  await api.services.resources.commit(
    linked.map((id, at) => ({
      ...head!,
      kind: 'head',
      patient: id,
      linked,
      expectVersion: at === 0 ? head!.version : 0,
    })),
    api.time.now,
  );
  // What the clinic itself has written about it points into the closed chart.
  const mine = await stored(
    api,
    given.observation(own.id, { derivedFrom: [{ reference: `Observation/${observation.id}` }] }),
    { as: clinic },
  );
  const document = await stored(
    api,
    {
      resourceType: 'Binary',
      contentType: 'text/plain',
      data: Buffer.from('own').toString('base64'),
    },
    { as: clinic },
  );
  return { patient, encounter, observation, binary, list, task, own, mine, document };
};
type Chart = Awaited<ReturnType<typeof denied>>;

interface Step {
  readonly method?: string;
  readonly url: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** What the clinic may see of its own is there; nothing else. @default nothing at all */
  readonly own?: number;
}

/** Requests for each line of the route table, `METHOD path`, and each operation, `$name`. */
const WALK: Readonly<Record<string, (its: Chart) => readonly Step[]>> = {
  'GET metadata': () => [{ url: '/metadata' }],
  'POST ': ({ patient, observation }) =>
    ['batch', 'transaction'].flatMap((type) => [
      ...[`Observation/${observation.id}`, `Patient/${patient.id}`, `Observation/${observation.id}/_history`].map(
        (url) => ({
          method: 'POST',
          url: '',
          body: given.bundle(type, [{ request: { method: 'GET', url } }]),
        }),
      ),
      {
        method: 'POST',
        url: '',
        body: given.bundle(type, [
          { request: { method: 'GET', url: `Observation?patient=${patient.id}&_total=accurate` } },
          { request: { method: 'GET', url: `Patient?family=${SECRET}&_summary=count` } },
        ]),
      },
      {
        method: 'POST',
        url: '',
        body: given.bundle(type, [
          { resource: given.observation('x'), request: { method: 'PUT', url: `Observation?patient=${patient.id}` } },
        ]),
      },
      {
        method: 'POST',
        url: '',
        body: given.bundle(type, [{ request: { method: 'DELETE', url: `Observation/${observation.id}` } }]),
      },
    ]),
  'GET _history': () => [{ url: '/_history', own: 4 }],
  'GET ': ({ patient }) => [
    { url: `/?_type=Observation,Task,Encounter,List&_total=accurate`, own: 1 },
    { url: `/?_type=Observation&patient=${patient.id}&_summary=count` },
  ],
  'POST _search': ({ patient }) => [
    { ...form(`_type=Observation,Encounter&patient=${patient.id}&_total=accurate`), url: '/_search' },
  ],
  'POST Type': ({ patient }) => [
    {
      method: 'POST',
      url: '/Patient',
      body: given.patient({ name: [{ family: 'Clinic' }] }),
      headers: { 'if-none-exist': `family=${SECRET}`, prefer: 'return=minimal' },
    },
    { method: 'POST', url: '/Consent', body: consent(patient.id, { type: 'permit' }) },
  ],
  'PUT Type': ({ patient }) => [
    {
      method: 'PUT',
      url: `/Patient?family=${SECRET}&_id=${patient.id}`,
      body: given.patient({ name: [{ family: 'Clinic' }] }),
      headers: { prefer: 'return=minimal' },
    },
  ],
  'PATCH Type': ({ patient }) => [
    { ...jsonPatch, url: `/Patient?_id=${patient.id}` },
    { ...jsonPatch, url: `/Patient?family=${SECRET}` },
  ],
  'DELETE Type': ({ patient }) => [{ method: 'DELETE', url: `/Observation?patient=${patient.id}` }],
  'GET Type': ({ patient, observation, encounter, list, task, own }) => [
    ...searches(patient.id).map((url) => ({ url })),
    { url: `/Observation?_id=${observation.id}&_total=accurate` },
    { url: `/Observation?_list=${list.id}` },
    { url: `/Observation?encounter=${encounter.id}` },
    { url: `/Task?_id=${task.id}` },
    { url: '/Task?owner=Organization/somebody-else&_total=accurate' },
    { url: '/Task?status=requested&_summary=count' },
    { url: `/Observation?patient=${own.id}&_include=Observation:derived-from&_total=accurate`, own: 1 },
    { url: `/Observation?patient=${own.id}&_linked=true&_total=accurate`, own: 1 },
    { url: `/Observation?derived-from.code=718-7&patient=${own.id}` },
    { url: `/Observation?derived-from:Observation.code:text=${SECRET}` },
    { url: `/Patient?_id=${patient.id},${own.id}&_revinclude=Observation:patient&_total=accurate`, own: 2 },
    { url: `/Patient?_has:Observation:patient:code:text=${SECRET}&_total=accurate` },
    { url: `/Patient?_has:Observation:patient:_id=${observation.id}` },
    { url: '/Observation?_sort=-date&_total=accurate', own: 1 },
  ],
  'POST Type/_search': ({ patient }) => [
    { ...form(`patient=${patient.id}&_total=accurate`), url: '/Observation/_search' },
    { ...form(`family=${SECRET}&_summary=count`), url: '/Patient/_search' },
  ],
  'GET Type/_history': () => [
    { url: '/Encounter/_history' },
    { url: '/Task/_history?_count=5' },
    { url: '/Observation/_history', own: 1 },
  ],
  'GET Type/Id': (its) =>
    [its.patient, its.encounter, its.observation, its.binary, its.list, its.task].flatMap(({ resourceType, id }) => [
      { url: `/${resourceType}/${id}` },
      { method: 'HEAD', url: `/${resourceType}/${id}` },
      { url: `/${resourceType}/${id}?_summary=count` },
    ]),
  'PUT Type/Id': ({ observation, patient }) => [
    {
      method: 'PUT',
      url: `/Observation/${observation.id}`,
      body: { ...given.observation(patient.id), id: observation.id },
    },
  ],
  'PATCH Type/Id': ({ observation }) => [{ ...jsonPatch, url: `/Observation/${observation.id}` }],
  'DELETE Type/Id': ({ observation }) => [{ method: 'DELETE', url: `/Observation/${observation.id}` }],
  'GET Type/Id/_history': ({ observation, patient }) => [
    { url: `/Observation/${observation.id}/_history` },
    { url: `/Patient/${patient.id}/_history?_count=1` },
  ],
  'GET Type/Id/_history/Vid': ({ observation }) => [
    { url: `/Observation/${observation.id}/_history/1` },
    { url: `/Observation/${observation.id}/_history/2` },
    { url: `/Observation/${observation.id}/_history/3` },
  ],
  'GET Type/Id/Type': ({ patient, encounter }) => [
    { url: `/Patient/${patient.id}/Observation?_total=accurate` },
    { url: `/Encounter/${encounter.id}/Observation?_summary=count` },
  ],
  'GET Type/Id/*': ({ patient }) => [{ url: `/Patient/${patient.id}/*?_total=accurate` }],
  'POST Type/Id/Type/_search': ({ patient }) => [
    { ...form('_total=accurate'), url: `/Patient/${patient.id}/Observation/_search` },
  ],
  'POST Type/Id/_search': ({ patient }) => [{ ...form('_total=accurate'), url: `/Patient/${patient.id}/_search` }],
  $everything: ({ patient, encounter, own }) => [
    { url: `/Patient/${patient.id}/$everything` },
    { url: `/Encounter/${encounter.id}/$everything` },
    { url: `/Patient/${own.id}/$everything?_linked=true`, own: 2 },
  ],
  $summary: ({ patient }) => [
    { url: `/Patient/${patient.id}/$summary` },
    { url: `/Patient/$summary?identifier=urn:oid:1.2.392.100495.20.3.51.13610000009|P-9` },
  ],
  // Says nothing of what is stored: it is given the resource.
  $validate: () => [{ method: 'POST', url: '/Observation/$validate', body: given.observation('x') }],
  $meta: ({ observation }) => [{ url: `/Observation/${observation.id}/$meta` }],
  '$meta-add': ({ observation }) => [tag(observation.id, '$meta-add')],
  '$meta-delete': ({ observation }) => [tag(observation.id, '$meta-delete')],
  $lastn: ({ patient }) => [{ url: `/Observation/$lastn?patient=${patient.id}&code=718-7` }],
  // Definitions are of no patient.
  $lookup: () => [],
  '$validate-code': () => [],
  $expand: () => [],
  // What the caller itself has uploaded.
  $upload: () => [],
  '$upload-status': () => [],
};

const form = (body: string) => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
});
const jsonPatch = {
  method: 'PATCH',
  body: JSON.stringify([{ op: 'add', path: '/language', value: 'ja' }]),
  headers: { 'content-type': 'application/json-patch+json' },
};
const tag = (id: string, operation: string): Step => ({
  method: 'POST',
  url: `/Observation/${id}/${operation}`,
  body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag: [{ system: 's', code: 'c' }] } }] },
});
const searches = (patient: string) => [
  `/Observation?patient=${patient}&_total=accurate`,
  `/Observation?patient=${patient}&_summary=count`,
  `/Observation?subject=${patient}&_count=0`,
  `/Observation?patient=${patient}&_sort=-date&_total=accurate`,
  `/Observation?patient=${patient}&code=718-7&_total=accurate`,
  `/Observation?patient=${patient}&_include=Observation:encounter&_include=Observation:patient`,
  `/Observation?patient=${patient}&_elements=code&_total=estimate`,
  `/Observation?patient.family=${SECRET}&_total=accurate`,
  `/Patient?family=${SECRET}&_total=accurate`,
  `/Patient?phone=0881234567&_total=accurate`,
  `/Patient?_id=${patient}&_total=accurate&_revinclude=Observation:patient`,
  `/Patient?_id=${patient}&_summary=count`,
  `/Encounter?patient=${patient}&_total=accurate`,
  `/Consent?patient=${patient}&_total=accurate`,
  `/Binary?_id=nothing`,
];

/** Names of what must not be told, beyond the text itself. */
const idsOf = (its: Chart) => [its.encounter, its.binary, its.list, its.task].map(({ id }) => id);

describe('who is denied finds nothing at', () => {
  const addresses = [
    ...ROUTES.map(({ method, path }) => `${method} ${path}`),
    ...new Set(OPERATIONS.map(({ name }) => `$${name}`)),
  ];

  it('every address there is: none is left out', () => {
    expect(Object.keys(WALK).sort()).toEqual([...new Set(addresses)].sort());
  });

  it.each([
    ['system', clinic],
    ['doctor', doctor],
  ] as const)('as a %s of a facility that the patient has denied', async (_, as) => {
    for (const address of addresses)
      for (let at = 0; ; at++) {
        // Each on a chart of its own: some of them write records of the clinic itself.
        const plain = openApi();
        const api = openApi({ region: { ...plain.services.region, consentDefault: 'implicit' } });
        const its = await denied(api);
        const step = WALK[address]!(its)[at];
        if (!step) break;
        const what = `${address}: ${step.method ?? 'GET'} ${step.url} ${JSON.stringify(step.body ?? '').slice(0, 120)}`;
        const { status, text, body, bytes } = await api.send(step.method ?? 'GET', step.url, { ...step, as });
        expect(text, what).not.toContain(`"${SECRET}`); // a self link may say it as it was asked
        expect(bytes.toString('utf8'), what).not.toContain(Buffer.from(SECRET).toString('base64'));
        for (const id of idsOf(its)) if (!step.url.includes(id)) expect(text, what).not.toContain(id);
        for (const bundle of [body, ...(body.entry ?? []).map(({ resource }) => resource ?? {})] as (typeof body)[]) {
          if (bundle.resourceType !== 'Bundle' || bundle.type !== 'searchset') continue;
          const matches = (bundle.entry ?? []).filter(({ search }) => search?.mode !== 'outcome');
          expect(matches.length, what).toBeLessThanOrEqual(step.own ?? 0);
          if (bundle.total !== undefined) expect(bundle.total, what).toBeLessThanOrEqual(step.own ?? 0);
        }
        if (body.resourceType === 'Bundle' && body.type === 'history')
          for (const { fullUrl } of body.entry ?? [])
            for (const id of [its.patient.id, its.observation.id, ...idsOf(its)])
              expect(fullUrl, what).not.toContain(id);
        // The source facility itself finds what it has.
        if (step.method === undefined && status === 404)
          expect((await api.send('GET', step.url)).status, what).not.toBe(500);
        const after = await api.send('GET', `/Observation/${its.observation.id}`);
        expect(after.body.meta!.versionId, what).toBe('2'); // nothing was changed either
      }
  });
});
