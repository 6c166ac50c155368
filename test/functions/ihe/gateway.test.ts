// The responding gateway: another community finds a person, the documents of that person, and their bytes; consent decides here.
import { hash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { codedPurpose } from '../../../functions/federation/xua-codes.ts';
import { FhirError } from '../../../functions/fhir/outcome.ts';
import { clinic, hospital } from '../../support/api.ts';
import { consent } from '../../support/consents.ts';
import { storeLetter } from '../../support/letter.ts';
import { patientOf } from '../identity/given.ts';
import {
  BASE,
  CONTRACT,
  EVERYTHING,
  HERE,
  MOST_DOCUMENTS,
  openRegion,
  PERSON,
  patientIdOf,
  type TestRegion,
  THERE,
} from './support/community.ts';
import { skipped } from './support/vectors.ts';

/** What a person says holds from then on at the latest (consent/ruled.ts). */
const RULES_HELD_MS = 60_000;
const HOME = `urn:oid:${HERE}`;
let region: TestRegion;
let patient: string;
beforeEach(async () => {
  region = await openRegion();
  patient = (await region.store(patientOf(hospital.facility!, 'N-1'))).id;
});

const LETTER = Buffer.from('紹介状：<本文> & 控え');
const documentOf = (of: string, more?: Record<string, unknown>) => storeLetter(region.store, of, LETTER, more);
const found = async () => patientIdOf(await region.discover());

describe(`ITI-55${skipped}`, () => {
  it('answers a match with a handle of this region, and says neither numbers nor addresses', async () => {
    const answer = await region.discover();
    expect(answer).toMatchObject({ kind: 'matches', matches: [{ community: HERE }] });
    const { matches } = answer as Extract<typeof answer, { kind: 'matches' }>;
    const [{ patient: person }] = matches as [(typeof matches)[number]];
    expect(person).toMatchObject({ gender: 'female', birthDate: '1951-04-01', addresses: [], phones: [] });
    expect(person.identifiers.map(({ authority }) => authority.oid)).toEqual([`${HERE}.10`]);
    expect(JSON.stringify(answer)).not.toContain(patient);
    expect(person.names[0]).toMatchObject({ family: '阿波', given: ['花子'] });
  });

  it('finds by a number alone, and not where the rest contradicts it', async () => {
    const number = { authority: { oid: '1.2.392.100495.20.3.51.13610000001' }, value: 'N-1' };
    const nobody = { ...PERSON, names: [], gender: undefined, birthDate: undefined, phones: [], identifiers: [number] };
    expect((await region.discover(nobody)).kind).toBe('matches');
    expect((await region.discover({ ...nobody, birthDate: '1960-01-01' })).kind).not.toBe('matches');
  });

  it('finds nobody, and asks for more where several could be meant', async () => {
    expect(await region.discover({ ...PERSON, names: [{ family: '徳島', given: ['次郎'] }] })).toEqual({
      kind: 'none',
    });
    const vague = { ...PERSON, gender: undefined, phones: [] };
    expect(await region.discover(vague)).toMatchObject({
      kind: 'ask',
      attributes: expect.arrayContaining(['LivingSubjectAdministrativeGenderRequested']),
    });
  });

  it('does not know a person who has said no to other regions, whatever is asked', async () => {
    const id = await found();
    await region.store(
      consent(patient, {
        type: 'deny',
        actor: [{ role: { coding: [{ system: 'urn:tsumugi:community', code: '*' }] }, reference: { display: '*' } }],
      }),
    );
    region.time.now += RULES_HELD_MS;
    expect(await region.discover()).toEqual({ kind: 'none' });
    expect(await region.find({ patientId: id })).toMatchObject({ entries: [] });
  });

  it('answers an emergency where the contract has it, and breaks no glass by it', async () => {
    await region.agree({ terms: { ...CONTRACT.terms, purposes: ['BTG'] } });
    region.time.now += 3_000;
    const claims = { purposeOfUse: codedPurpose('BTG') };
    region.api.recorded.length = 0;
    expect((await region.discover(PERSON, { claims })).kind).toBe('matches');
    expect(region.api.recorded).toMatchObject([{ purpose: 'ETREAT', outcome: '0' }]);
    await region.store(
      consent(patient, {
        type: 'deny',
        actor: [{ role: { coding: [{ system: 'urn:tsumugi:community', code: '*' }] }, reference: { display: '*' } }],
      }),
    );
    region.time.now += RULES_HELD_MS;
    expect(await region.discover(PERSON, { claims })).toEqual({ kind: 'none' });
  });

  it('is audited with the number of the message, the foreign facility and the purpose', async () => {
    region.api.recorded.length = 0;
    await region.discover(PERSON, { messageId: 'urn:uuid:6b0f9d0c-0000-4000-8000-000000000001' });
    expect(region.api.recorded).toMatchObject([
      {
        interaction: 'ihe-xcpd',
        requestId: 'urn:uuid:6b0f9d0c-0000-4000-8000-000000000001',
        actor: `${THERE}~doctor-1`,
        facility: `${THERE}~0810000001`,
        role: 'doctor',
        purpose: 'TREAT',
        outcome: '0',
        entities: [`Patient/${patient}`],
        tokenId: expect.stringMatching(/^_/),
      },
    ]);
    region.api.recorded.length = 0;
    await region.discover(PERSON, { headers: { 'x-request-id': 'asked-there-1' } });
    expect(region.api.recorded[0]?.requestId).toBe('asked-there-1');
  });
});

describe(`ITI-38 and ITI-39${skipped}`, () => {
  it('gives the documents of the person, and their bytes as they are', async () => {
    await documentOf(patient);
    const id = await found();
    const { status, entries } = await region.find({ patientId: id, types: ['stable'] });
    expect(status).toBe('Success');
    expect(entries).toEqual([
      expect.objectContaining({
        home: HOME,
        patientId: id,
        repositoryUniqueId: `${HERE}.11`,
        uniqueId: expect.stringMatching(/^2\.25\.\d+$/),
        mimeType: 'text/plain',
        title: '紹介状',
        creationTime: '20261101000000',
        typeCode: { code: '57133-1', scheme: '2.16.840.1.113883.6.1', display: '紹介状' },
        confidentialityCodes: [expect.objectContaining({ code: 'N' })],
      }),
    ]);
    const [entry] = entries;
    const request = { home: HOME, repositoryUniqueId: entry!.repositoryUniqueId, documentUniqueId: entry!.uniqueId };
    region.api.recorded.length = 0;
    const answer = await region.retrieve([request]);
    expect(answer).toMatchObject({ status: 'Success', documents: [{ ...request, mimeType: 'text/plain' }] });
    expect(Buffer.from(answer.documents[0]!.content)).toEqual(LETTER);
    expect(region.api.recorded).toMatchObject([{ interaction: 'ihe-xca-retrieve', count: 2, outcome: '0' }]);
  });

  it('offers a summary that is made when it is retrieved, under one name', async () => {
    await region.store({
      resourceType: 'Condition',
      clinicalStatus: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
      },
      code: { text: '高血圧症' },
      subject: { reference: `Patient/${patient}` },
    });
    const id = await found();
    expect((await region.find({ patientId: id, types: ['stable'] })).entries).toEqual([]);
    const { entries } = await region.find({ patientId: id, types: ['on-demand'] });
    expect(entries).toMatchObject([
      { onDemand: true, mimeType: 'application/fhir+json', typeCode: { code: '60591-5' } },
    ]);
    const again = await region.find({ patientId: await found(), types: ['on-demand'] });
    expect(again.entries[0]?.uniqueId).toBe(entries[0]?.uniqueId);

    const { repositoryUniqueId, uniqueId: documentUniqueId, entryUuid } = entries[0]!;
    const { documents } = await region.retrieve([{ home: HOME, repositoryUniqueId, documentUniqueId }]);
    const bundle = JSON.parse(Buffer.from(documents[0]!.content).toString('utf8'));
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'document' });
    expect(JSON.stringify(bundle)).toContain('高血圧症');
    expect(documents[0]?.newDocumentUniqueId).toMatch(/^2\.25\.\d+$/);
    const named = await region.find({ kind: 'GetDocuments', entryUuids: [entryUuid] });
    expect(named.entries).toMatchObject([{ uniqueId: documentUniqueId, onDemand: true }]);
  });

  it('gives documents again by either name, also where a client chose the id or the facility named it', async () => {
    await documentOf(patient, { id: 'letter-1' });
    await documentOf(patient, {
      masterIdentifier: { system: 'urn:ietf:rfc:3986', value: 'urn:oid:1.2.392.999.1' },
      identifier: [{ system: 'urn:ietf:rfc:3986', value: 'urn:uuid:0b0f9d0c-1111-4000-8000-000000000001' }],
    });
    await documentOf(patient);
    const patientId = await found();
    const { entries } = await region.find({ patientId, types: ['stable'] });
    expect(entries.map(({ uniqueId }) => uniqueId)).toEqual(
      expect.arrayContaining([`${HERE}.12^letter-1`, '1.2.392.999.1', expect.stringMatching(/^2\.25\./)]),
    );
    const uniqueIds = entries.map(({ uniqueId }) => uniqueId);
    const entryUuids = entries.map(({ entryUuid }) => entryUuid);
    const ids = async (query: object) =>
      (await region.find({ kind: 'GetDocuments', ...query })).entries.map(({ uniqueId }) => uniqueId).sort();
    expect(await ids({ uniqueIds })).toEqual([...uniqueIds].sort());
    expect(await ids({ entryUuids })).toEqual([...uniqueIds].sort());
    const requests = uniqueIds.map((documentUniqueId) => ({
      home: HOME,
      repositoryUniqueId: `${HERE}.11`,
      documentUniqueId,
    }));
    expect((await region.retrieve(requests)).documents).toHaveLength(3);
  });

  it('writes down once a day what was told, and at once when there is more', async () => {
    await documentOf(patient, { id: 'letter-1' });
    const patientId = await found();
    const rows = async () => (await region.rows.list({ p: `federation#told#${THERE}` })).rows;
    const list = () => region.find({ patientId, types: ['stable'] });
    await list();
    const first = JSON.stringify(await rows());
    region.time.now += 60_000;
    await list();
    expect(JSON.stringify(await rows())).toBe(first);
    await documentOf(patient, { id: 'letter-2' });
    await list();
    expect(await rows()).toHaveLength(3);
    region.time.now += 2 * 86_400_000;
    await list();
    const [person] = (await rows()).filter(({ s }) => s.startsWith('~'));
    expect((person!.data as { until: number }).until).toBeGreaterThan(region.time.now + 29 * 86_400_000);
  });

  it('narrows by code, date, author and status', async () => {
    await documentOf(patient, { author: [{ type: 'Practitioner', display: '鈴木 花子' }] });
    await documentOf(patient, {
      status: 'superseded',
      type: { coding: [{ system: 'http://loinc.org', code: '18842-5' }] },
    });
    const patientId = await found();
    const count = async (query: object) =>
      (await region.find({ patientId, ...EVERYTHING, types: ['stable'], ...query })).entries.length;
    const loinc = (code: string) => [[{ code, scheme: '2.16.840.1.113883.6.1' }]];
    expect(await count({})).toBe(2);
    expect(await count({ statuses: ['Approved'] })).toBe(1);
    expect(await count({ codes: { typeCode: loinc('18842-5') } })).toBe(1);
    expect(await count({ codes: { typeCode: loinc('57133-1'), classCode: loinc('18842-5') } })).toBe(0);
    expect(await count({ times: { creationTime: { from: '20261101', to: '20261102' } } })).toBe(2);
    expect(await count({ times: { creationTime: { to: '20261101' } } })).toBe(0);
    expect(await count({ authorPersons: ['%花子%'] })).toBe(1);
    expect(await count({ authorPersons: ['花子%'] })).toBe(0);
  });

  it('says size and hash of what stands in the record itself', async () => {
    const data = LETTER.toString('base64');
    await documentOf(patient, { content: [{ attachment: { contentType: 'text/plain', data, size: 1 } }] });
    const { entries } = await region.find({ patientId: await found(), types: ['stable'] });
    expect(entries).toMatchObject([{ size: LETTER.byteLength, hash: hash('sha1', LETTER) }]);
  });

  it('lists more than one page, and says where it stops looking', async () => {
    const document = {
      resourceType: 'DocumentReference',
      status: 'current',
      subject: { reference: `Patient/${patient}` },
    };
    const content = [{ attachment: { contentType: 'text/plain', data: 'eA==' } }];
    const entry = Array.from({ length: 110 }, () => ({
      resource: { ...document, content },
      request: { method: 'POST', url: 'DocumentReference' },
    }));
    const load = () => region.api.send('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
    expect((await load()).status).toBe(200);
    const patientId = await found();
    expect((await region.find({ patientId, types: ['stable'] })).entries).toHaveLength(110);
    expect((await load()).status).toBe(200);
    const { status, entries, errors } = await region.find({ patientId, types: ['stable'] });
    expect([status, entries.length, errors.map(({ code }) => code)]).toEqual([
      'PartialSuccess',
      MOST_DOCUMENTS,
      ['XDSTooManyResults'],
    ]);
    const uniqueIds = Array.from({ length: 101 }, (_, n) => `2.25.${n}`);
    const named = await region.find({ kind: 'GetDocuments', uniqueIds });
    expect(named.errors.map(({ code }) => code)).toEqual(['XDSRegistryError']);
  });

  it('gives what one answer holds, and names the rest', async () => {
    for (const id of ['large-1', 'large-2']) {
      const binary = await region.store({
        resourceType: 'Binary',
        contentType: 'application/pdf',
        securityContext: { reference: `Patient/${patient}` },
        data: Buffer.alloc(2_500_000, id).toString('base64'),
      });
      await documentOf(patient, {
        id,
        content: [{ attachment: { contentType: 'application/pdf', url: `${BASE}/fhir/Binary/${binary.id}` } }],
      });
    }
    await region.find({ patientId: await found() });
    const requests = ['large-1', 'large-2'].map((id) => ({
      home: HOME,
      repositoryUniqueId: `${HERE}.11`,
      documentUniqueId: `${HERE}.12^${id}`,
    }));
    const { status, documents, errors } = await region.retrieve(requests);
    expect([status, documents.length, errors.map(({ code }) => code)]).toEqual([
      'PartialSuccess',
      1,
      ['XDSRepositoryError'],
    ]);
  });

  it('shows what the contract names, and nothing else', async () => {
    await documentOf(patient);
    const patientId = await found();
    await region.agree({ terms: { purposes: ['TREAT'], classes: ['basic'] } });
    region.time.now += 3_000;
    const { entries } = await region.find({ patientId });
    expect(entries.filter(({ onDemand }) => !onDemand)).toEqual([]);
  });

  it('gives no document of a person whom the asker has not found, nor one that consent closes since', async () => {
    const other = (
      await region.store(
        patientOf(hospital.facility!, 'N-2', {
          name: [{ family: '別', given: ['人子'] }],
          birthDate: '1980-02-02',
          telecom: undefined,
          address: undefined,
        }),
      )
    ).id;
    await documentOf(other, { id: 'of-another' });
    await documentOf(patient, { id: 'of-her' });
    await region.find({ patientId: await found(), types: ['stable'] });
    const request = (id: string) => ({
      home: HOME,
      repositoryUniqueId: `${HERE}.11`,
      documentUniqueId: `${HERE}.12^${id}`,
    });
    const answer = await region.retrieve([request('of-her'), request('of-another'), request('of-nobody')]);
    expect(answer.status).toBe('PartialSuccess');
    expect(answer.documents.map(({ documentUniqueId }) => documentUniqueId)).toEqual([`${HERE}.12^of-her`]);
    expect(answer.errors.map(({ code }) => code)).toEqual(['XDSDocumentUniqueIdError', 'XDSDocumentUniqueIdError']);
    expect((await region.find({ kind: 'GetDocuments', uniqueIds: [`${HERE}.12^of-another`] })).entries).toEqual([]);
    await region.store(
      consent(patient, {
        type: 'deny',
        actor: [
          { role: { coding: [{ system: 'urn:tsumugi:community', code: THERE }] }, reference: { display: 'there' } },
        ],
      }),
    );
    region.time.now += RULES_HELD_MS;
    expect((await region.retrieve([request('of-her')])).errors).toMatchObject([{ code: 'XDSDocumentUniqueIdError' }]);
  });

  it('does not give the bytes of somebody else to whom a document points', async () => {
    const other = (await region.store(patientOf(clinic.facility!, 'N-9', { birthDate: '1999-09-09' }), clinic)).id;
    const binary = await region.store({
      resourceType: 'Binary',
      contentType: 'text/plain',
      securityContext: { reference: `Patient/${other}` },
      data: 'AAAA',
    });
    await documentOf(patient, {
      id: 'pointer',
      content: [{ attachment: { contentType: 'text/plain', url: `Binary/${binary.id}` } }],
    });
    await region.find({ patientId: await found() });
    const request = { home: HOME, repositoryUniqueId: `${HERE}.11`, documentUniqueId: `${HERE}.12^pointer` };
    expect((await region.retrieve([request])).errors).toMatchObject([{ code: 'XDSDocumentUniqueIdError' }]);
  });

  it('says that it is busy where the store does not answer, in each profile’s words', async () => {
    await documentOf(patient, { id: 'of-her' });
    const patientId = await found();
    await region.find({ patientId });
    const silent = async () => Promise.reject(new FhirError('unavailable', [{ diagnostics: 'the store is silent' }]));
    Object.assign(region.services.resources, { scan: silent, get: silent, lookup: silent });
    expect(await region.discover()).toEqual({ kind: 'unavailable', reason: 'ResponderBusy' });
    expect((await region.find({ patientId })).errors.map(({ code }) => code)).toEqual(['XDSRegistryBusy']);
    const request = { home: HOME, repositoryUniqueId: `${HERE}.11`, documentUniqueId: `${HERE}.12^of-her` };
    expect((await region.retrieve([request])).errors.map(({ code }) => code)).toEqual(['XDSRepositoryBusy']);
  });

  it('names what is wrong as the profile does', async () => {
    const codes = async (query: object) => (await region.find(query)).errors.map(({ code }) => code);
    expect(await codes({ patientId: `x^^^&${HERE}.10&ISO` })).toEqual(['XDSUnknownPatientId']);
    expect(await codes({ patientId: 'P1^^^&1.2.3&ISO' })).toEqual(['XDSUnknownPatientId']);
    expect(await codes({})).toEqual(['XDSStoredQueryMissingParam']);
    const wrong = { home: HOME, repositoryUniqueId: '1.2.3', documentUniqueId: '1' };
    const { errors } = await region.retrieve([
      wrong,
      { ...wrong, home: 'urn:oid:1.2.3' },
      { ...wrong, home: undefined },
    ]);
    expect(errors.map(({ code }) => code).sort()).toEqual([
      'XDSMissingHomeCommunityId',
      'XDSUnknownCommunity',
      'XDSUnknownRepositoryId',
    ]);
  });
});
