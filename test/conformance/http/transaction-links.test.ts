// https://hl7.org/fhir/R4/http.html#trules
import { describe, expect, it } from 'vitest';
import { BASE, given, openApi, stored } from '../../support/api.ts';
import { OTHER, post, UUID } from './entries.ts';

describe('links between the entries of a transaction', () => {
  it('replaces placeholders by the new ids, in references, links and the narrative', async () => {
    const api = openApi();
    const links = `<a href="${UUID}">the patient</a><img alt="" src = '${OTHER}'/>`;
    const div = `<div xmlns="http://www.w3.org/1999/xhtml">${links}</div>`;
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(
          given.observation('x', {
            subject: { reference: UUID },
            hasMember: [{ reference: OTHER }],
            extension: [{ url: 'urn:x', valueUri: OTHER }],
            identifier: [{ system: 'urn:ietf:rfc:3986', value: OTHER }],
            text: { status: 'generated', div },
          }),
        ),
        post(given.observation('x', { subject: { reference: UUID } }), { fullUrl: OTHER }),
        post(given.patient(), { fullUrl: UUID }),
      ]),
    });
    const [first, second, patient] = body.entry!.map(
      ({ response }) => response!.location!.slice(BASE.length).split('/_history')[0]!,
    );
    const { body: got } = await api.send('GET', first!);
    expect(got).toMatchObject({
      subject: { reference: patient!.slice(1) },
      hasMember: [{ reference: second!.slice(1) }],
      extension: [{ valueUri: second!.slice(1) }],
      identifier: [{ value: OTHER }],
    });
    expect((got.text as { div: string }).div).toContain(`href="${patient!.slice(1)}"`);
    expect((got.text as { div: string }).div).toContain(`src = '${second!.slice(1)}'`);
  });

  it('reads a relative reference against the fullUrl that it stands under', async () => {
    const api = openApi();
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(given.patient(), { fullUrl: 'http://emr.example/fhir/Patient/123' }),
        post(given.observation('123'), { fullUrl: 'http://emr.example/fhir/Observation/1' }),
      ]),
    });
    const [patient, observation] = body.entry!.map(
      ({ response }) => response!.location!.slice(BASE.length).split('/_history')[0]!,
    );
    expect((await api.send('GET', observation!)).body.subject).toEqual({ reference: patient!.slice(1) });
  });

  it('resolves a conditional reference to its one match, and answers 412 to none or several', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient());
    const send = (reference: string) =>
      api.send('POST', '/', {
        body: given.bundle('transaction', [post(given.observation('x', { subject: { reference } }))]),
        headers: { prefer: 'return=representation' },
      });
    const got = await send('Patient?identifier=P-1');
    expect(got.body.entry?.[0]?.resource?.subject).toEqual({ reference: `Patient/${id}` });
    const none = await send('Patient?identifier=nobody');
    expect(none.status).toBe(412);
    expect(none.body.issue?.[0]?.expression).toEqual(['Bundle.entry[0]']);
    await stored(api, given.patient());
    expect((await send('Patient?identifier=P-1')).status).toBe(412);
  });

  it('resolves a conditional reference last: to what the transaction writes, as it will be, and not to what it takes away', async () => {
    const api = openApi();
    const { id } = await stored(api, given.patient({ identifier: [{ value: 'old' }] }));
    const subject = (value: string) =>
      post(given.observation('x', { subject: { reference: `Patient?identifier=${value}` } }));
    const encounter = { reference: 'Encounter?identifier=e-1' };
    const send = async (...entry: unknown[]) => {
      const { status, body } = await api.send('POST', '/', {
        body: given.bundle('transaction', entry),
        headers: { prefer: 'return=representation' },
      });
      return { status, resources: body.entry?.map(({ resource }) => resource), issue: body.issue };
    };

    const made = await send(
      post(given.observation('x', { subject: { reference: 'Patient?identifier=new' }, encounter })),
      post({
        resourceType: 'Encounter',
        status: 'finished',
        class: { code: 'AMB' },
        identifier: [{ value: 'e-1' }],
        subject: { reference: 'Patient?identifier=new' },
      }),
      post(given.patient({ identifier: [{ value: 'new' }] })),
    );
    expect(made.issue).toBeUndefined();
    const [observation, visit, patient] = made.resources!;
    expect(observation).toMatchObject({
      subject: { reference: `Patient/${patient!.id}` },
      encounter: { reference: `Encounter/${visit!.id}` },
    });

    const renamed = {
      resource: given.patient({ id, identifier: [{ value: 'renamed' }] }),
      request: { method: 'PUT', url: `Patient/${id}` },
    };
    expect((await send(subject('old'), renamed)).status).toBe(412);
    expect((await send(subject('renamed'), renamed)).resources?.[0]).toMatchObject({
      subject: { reference: `Patient/${id}` },
    });
    expect(
      (await send(subject('renamed'), { request: { method: 'DELETE', url: 'Patient?identifier=new' } })).status,
    ).toBe(200);
    expect((await send(subject('renamed'), post(given.patient({ identifier: [{ value: 'renamed' }] })))).status).toBe(
      412,
    );
  });

  it('leaves canonicals and references to others alone, and keeps a link to a version one', async () => {
    const api = openApi();
    const { body } = await api.send('POST', '/', {
      body: given.bundle('transaction', [
        post(given.patient(), { fullUrl: UUID }),
        post(
          given.observation('x', {
            subject: { reference: UUID },
            focus: [{ reference: `${UUID}/_history/7` }],
            performer: [{ reference: 'Practitioner/elsewhere' }],
            extension: [{ url: 'urn:x', valueCanonical: UUID }],
          }),
        ),
      ]),
      headers: { prefer: 'return=representation' },
    });
    const [patient, observation] = body.entry!.map(({ resource }) => resource!);
    expect(observation).toMatchObject({
      subject: { reference: `Patient/${patient!.id}` },
      focus: [{ reference: `Patient/${patient!.id}/_history/1` }],
      performer: [{ reference: 'Practitioner/elsewhere' }],
      extension: [{ valueCanonical: UUID }],
    });
  });
});
