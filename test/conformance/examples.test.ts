// The specification's own examples, in and out through the whole API: https://hl7.org/fhir/R4/downloads.html
import { expect, it } from 'vitest';
import { isInForce } from '../../functions/consent/compile.ts';
import { parseJson, storedText } from '../../functions/fhir/json.ts';
import type { Resource } from '../../functions/fhir/types.ts';
import { validate } from '../../functions/fhir/validate.ts';
import { hasEndpoint } from '../../functions/interactions/ids.ts';
import { label } from '../../functions/terminology/labels.ts';
import { sharedData, unpack } from '../functions/fhir/shared-data.ts';
import { type Api, openApi } from '../support/api.ts';

const archive = sharedData('fhir-r4/examples-half.tar.gz');
const title = archive ? '' : ' (skipped: no shared data)';
const examples = archive
  ? [...unpack(archive)]
      .filter(([name]) => name.endsWith('.json'))
      .map(([name, bytes]) => [name, parseJson(bytes) as unknown as Resource] as const)
      .filter(([, { resourceType, id }]) => id && hasEndpoint(resourceType) && resourceType !== 'AuditEvent')
      .filter(([, resource]) => validate(resource).length === 0)
  : [];
/** Consents to the sharing of records are taken where they can be enforced, in the profile of docs/consent.md only. */
const isConsentToSharing = (resource: Resource) => resource.resourceType === 'Consent' && isInForce(resource);
const storable = examples.filter(([, resource]) => !isConsentToSharing(resource));

const headers = { 'content-type': 'application/fhir+json', accept: 'application/fhir+json' };
const put = (api: Api, resource: Resource) =>
  api.send('PUT', `/${resource.resourceType}/${resource.id}`, { body: JSON.stringify(resource), headers });

it.skipIf(!archive)(`stores every valid example and gives it back as it came${title}`, async () => {
  const api = openApi();
  for (const [name, resource] of storable) {
    const created = await put(api, resource);
    expect(created.status, `${name}: ${created.text.slice(0, 300)}`).toBe(201);
    const got = await api.send('GET', `/${resource.resourceType}/${resource.id}`, { headers });
    // As it came, but for the label of a sensitive code (one example holds genetic data).
    expect(storedText(parseJson(got.bytes) as unknown as Resource), name).toBe(storedText(label(resource)));
    expect((await put(api, resource)).headers.etag, name).toBe('W/"1"');
  }
  expect(storable.length).toBeGreaterThan(360);
});

it.skipIf(!archive)(`takes all of them in transactions of a hundred${title}`, async () => {
  const api = openApi();
  const entry = storable.map(([, resource]) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  for (let at = 0; at < entry.length; at += 100) {
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry: entry.slice(at, at + 100) };
    const got = await api.send('POST', '/', { body: JSON.stringify(bundle), headers });
    expect(got.status, got.text.slice(0, 500)).toBe(200);
  }
});

it.skipIf(!archive)(`refuses consents that it could not enforce, each fault at its element${title}`, async () => {
  const consents = examples.filter(([, resource]) => isConsentToSharing(resource));
  expect(consents.length).toBeGreaterThan(0);
  for (const [name, resource] of consents) {
    const got = await put(openApi(), resource);
    expect(got.status, name).toBe(422);
    for (const { expression } of got.body.issue!) expect(expression![0], name).toMatch(/^Consent\./);
  }
});
