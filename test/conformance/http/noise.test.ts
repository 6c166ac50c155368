// Whatever comes in, what goes out is an answer: never a fault of ours.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { given, openApi, residentOf, stored } from '../../support/api.ts';

const segment = fc.constantFrom(
  ...[
    'Patient',
    'Observation',
    'Binary',
    'AuditEvent',
    'Bundle',
    'Parameters',
    'p1',
    'o1',
    'b1',
    'nobody',
    '_history',
    '_search',
    '1',
    '2',
    '0',
  ],
  ...[
    '*',
    '$everything',
    '$validate',
    '$nonsense',
    '$',
    'metadata',
    '',
    '%00',
    '%F0%9F%98%80',
    '..',
    'x'.repeat(70),
    '__proto__',
    'constructor',
    '1e9',
  ],
);
const value = fc.constantFrom(
  'p1',
  'Patient/p1',
  '',
  'true',
  '-1',
  '0',
  '1',
  '99999999999',
  'ge2026',
  'a|b|c',
  '|',
  '%',
  '%20',
  '2026-13-45',
  '_id',
  'json',
  'null',
);
const name = fc.constantFrom(
  ...[
    '_id',
    'patient',
    'subject',
    'date',
    '_count',
    '_since',
    '_sort',
    '_total',
    '_summary',
    '_elements',
    '_format',
    '_pretty',
    '_cursor',
    '_type',
  ],
  ...[
    'identifier',
    'code',
    'value-quantity',
    'code-value-quantity',
    '_has',
    '_include',
    'patient.name',
    'name:exact',
    'date:missing',
    '__proto__',
    ':',
    '',
  ],
);
const header = fc.constantFrom(
  ...([
    'if-match',
    'if-none-match',
    'if-modified-since',
    'if-none-exist',
    'prefer',
    'accept',
    'content-type',
    'x-purpose',
    'x-security-context',
  ] as const),
);
const headerValue = fc.constantFrom(
  ...[
    '',
    '*',
    'W/"1"',
    'W/"9"',
    'x',
    'identifier=P-1',
    'return=minimal',
    'handling=strict',
    'application/fhir+json',
    'application/json-patch+json',
  ],
  ...[
    'application/x-www-form-urlencoded',
    'text/plain',
    'BTG',
    'Patient/p1',
    ';',
    ',',
    'Sat, 01 Jan 2050 00:00:00 GMT',
  ],
);
const operation = fc.record(
  {
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
    path: fc.constantFrom('', '/', '/id', '/name/0', '/name/-', '/x/y', 'z'),
    from: fc.constantFrom('/gender', '/name', ''),
    value: fc.anything(),
  },
  { requiredKeys: [] },
);
const entry = fc.record(
  {
    fullUrl: fc.constantFrom('urn:uuid:1', 'http://x/Patient/1', 'Patient/1', ''),
    resource: fc.constantFrom<unknown>(
      given.patient(),
      given.patient({ id: 'p1' }),
      given.observation('p1'),
      { resourceType: 'Patient', contact: [{}] },
      {},
      null,
      1,
      [],
    ),
    request: fc.record(
      {
        method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'x'),
        url: fc.constantFrom(
          'Patient',
          'Patient/p1',
          'Patient?identifier=P-1',
          '',
          '/',
          '?',
          'Patient/p1/_history',
          'metadata',
          'x',
          '$x',
        ),
        ifMatch: fc.constantFrom('W/"1"', 'x'),
        ifNoneExist: fc.constantFrom('', 'identifier=x', 'x=1'),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    given.patient({ id: 'p1' }),
    given.patient(),
    given.observation('p1'),
    { resourceType: 'Parameters', parameter: [{ name: 'operation', part: [] }] },
    [],
    null,
    '{',
    'a=b&c=%',
  ),
  fc.array(operation, { maxLength: 4 }),
  fc.record({
    resourceType: fc.constant('Bundle'),
    type: fc.constantFrom<unknown>('batch', 'transaction', 'history', 1),
    entry: fc.oneof(
      fc.array(fc.oneof(entry, fc.constantFrom<unknown>(null, 1, 'x')), { maxLength: 5 }),
      fc.constant<unknown>({}),
    ),
  }),
  fc.jsonValue().map((json) => ({ resourceType: 'Patient', name: json })),
);
const request = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
  path: fc.array(segment, { maxLength: 5 }),
  params: fc.array(fc.tuple(name, value), { maxLength: 3 }),
  headers: fc.array(fc.tuple(header, headerValue), { maxLength: 3 }),
  body,
  resident: fc.boolean(),
});

it('answers every request, and none with a fault of ours', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 5, maxLength: 12 }), async (requests) => {
      const api = openApi();
      await stored(api, given.patient({ id: 'p1' }));
      await stored(api, given.observation('p1', { id: 'o1' }));
      await api.send('PUT', '/Binary/b1', { bytes: Buffer.from('x'), headers: { 'content-type': 'text/plain' } });
      for (const { method, path, params, headers, body, resident } of requests) {
        const query = params.map(([key, text]) => `${key}=${text}`).join('&');
        const got = await api.send(method, `/${path.join('/')}${query && `?${query}`}`, {
          ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
          headers: { 'content-type': 'application/fhir+json', ...Object.fromEntries(headers) },
          ...(resident && { as: residentOf('p1') }),
        });
        expect(got.status, `${method} ${path.join('/')}?${query} ${JSON.stringify(api.logged.at(-1))}`).not.toBe(500);
        const { issue } = got.body;
        if (got.status >= 400 && method !== 'HEAD')
          expect(issue?.length, `${method} ${path.join('/')} ${got.status}`).toBeGreaterThan(0);
        for (const { response } of got.body.entry ?? []) expect(response?.status).not.toBe('500');
      }
    }),
    { numRuns: 150 },
  );
});
