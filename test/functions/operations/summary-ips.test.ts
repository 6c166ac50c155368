// Patient/$summary held against the profiles of the International Patient Summary (summary-ips.ts), over charts of every origin.
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../functions/fhir/json.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { charts } from '../../../infra/local/demo/clinical/charts.ts';
import { type Entry, openApi, stored } from '../../support/api.ts';
import { sharedData, unpack } from '../fhir/shared-data.ts';
import { hasSynthea, store, synthea } from '../search/support.ts';
import { ipsFaults } from './summary-ips.ts';

const DATA_ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';
const hospital = { code: '3610000001', organization: 'Organization/demo-hospital' };

/** The summary of each Patient among the resources. */
const summaries = async (resources: readonly Resource[]) => {
  const api = openApi();
  await store(api.services.resources, resources);
  const patients = resources.filter(({ resourceType }) => resourceType === 'Patient');
  const made: (Resource & { entry: Entry[] })[] = [];
  for (const { id } of patients) {
    const { status, body } = await api.send('GET', `/Patient/${id}/$summary`);
    expect(status).toBe(200);
    made.push(body as (typeof made)[number]);
  }
  return made;
};
const meetsAll = (made: readonly (Resource & { entry: Entry[] })[], but: readonly string[] = []) => {
  for (const one of made) {
    expect(ipsFaults(one).filter((fault) => !but.includes(fault))).toEqual([]);
    expect(validate(one, { type: 'Bundle' })).toEqual([]);
  }
};

/** The first megabytes of each file of the Japanese set: enough for a few whole charts. */
const MOST = 6_000_000;
/** Some patients of the Japanese set, with what is theirs in there. */
const japanese = (count: number): Resource[] => {
  const files = unpack(sharedData('patients/japan-257-ndjson.tar.gz')!);
  const lines = (name: string) =>
    files.get(name)!.subarray(0, MOST).toString().split('\n').slice(0, -1).filter(Boolean);
  const idOf = (line: string) => /"Patient\/([^"]+)"/.exec(line)?.[1] ?? '';
  const ids = new Set([...new Set(lines('Observation.ndjson').map(idOf))].slice(0, count));
  return [...files.keys()]
    .filter((name) => name.endsWith('.ndjson') && name !== 'MedicationAdministration.ndjson')
    .flatMap(
      (name) =>
        lines(name)
          .filter((line) =>
            name === 'Patient.ndjson' ? [...ids].some((id) => line.includes(`"${id}"`)) : ids.has(idOf(line)),
          )
          .map((line) => parseJson(Buffer.from(line)) as unknown as Resource)
          .filter((resource) => validate(resource).length === 0), // the API would not take the others
    );
};

describe('Patient/$summary meets IPS', () => {
  it('of somebody of whom nothing is known, not even name and birth date', async () => {
    const made = await summaries([{ resourceType: 'Patient', id: 'p' }]);
    meetsAll(made);
    const [, patient] = made[0]!.entry;
    expect(patient!.resource).toMatchObject({ _birthDate: { extension: [{ valueCode: 'unknown' }] } });
  });

  it('of somebody whose record gives a reason of its own', async () => {
    const _birthDate = { extension: [{ url: DATA_ABSENT, valueCode: 'masked' }] };
    const made = await summaries([{ resourceType: 'Patient', id: 'p', name: [{ text: '匿名' }], _birthDate }]);
    meetsAll(made);
    expect(made[0]!.entry[1]!.resource).toMatchObject({ _birthDate });
  });

  it('of entries that lack what IPS asks for: the copy says so, the record does not change', async () => {
    const api = openApi();
    const subject = { reference: 'Patient/p' };
    const code = { text: 'x' };
    const clinicalStatus = {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
    };
    const lab = {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' }],
    };
    await store(api.services.resources, [
      { resourceType: 'Patient', id: 'p', name: [{ text: '阿波 花子' }], birthDate: '1950-01-01' },
      { resourceType: 'MedicationStatement', id: 'm', status: 'active', subject, medicationCodeableConcept: code },
      { resourceType: 'Procedure', id: 'pr', status: 'completed', subject },
      { resourceType: 'DiagnosticReport', id: 'd', status: 'final', subject, code },
      { resourceType: 'Observation', id: 'o', status: 'final', subject, code, category: [lab] },
      { resourceType: 'DeviceUseStatement', id: 'du', status: 'active', subject, device: { reference: 'Device/x' } },
      { resourceType: 'Condition', id: 'c', subject },
      { resourceType: 'AllergyIntolerance', id: 'a', patient: subject, clinicalStatus },
    ]);
    const { body } = await api.send('GET', '/Patient/p/$summary');
    meetsAll([body as Resource & { entry: Entry[] }]);
    const of = (type: string) => body.entry!.find(({ resource }) => resource?.resourceType === type)!.resource;
    expect(of('Procedure')).toMatchObject({ _performedDateTime: { extension: [{ valueCode: 'unknown' }] } });
    expect(of('Patient')).not.toHaveProperty('_birthDate');
    expect((await api.send('GET', '/Procedure/pr')).body).not.toHaveProperty('_performedDateTime');
  });

  it('of the demo residents', async () => {
    const all = charts({ hospital, clinic: hospital, pharmacy: hospital, care: hospital });
    const made = await summaries(Object.values(all).flat());
    expect(made.length).toBeGreaterThan(1);
    meetsAll(made);
  });

  const named = (name: string, is: unknown) => (is ? name : `${name} (skipped: no shared data)`);
  it.skipIf(!hasSynthea)(named('of 12 Synthea patients', hasSynthea), async () => {
    const made = await summaries(synthea(14));
    expect(made).toHaveLength(12);
    meetsAll(made);
  });

  const japan = sharedData('patients/japan-257-ndjson.tar.gz');
  it.skipIf(!japan)(
    named('of 6 patients of the Japanese set', japan),
    async () => {
      const made = await summaries(japanese(6));
      expect(made).toHaveLength(6);
      // JP Core gives a report two categories, IPS has room for one: such an entry lies in no slice of IPS's (open) list.
      // Nothing is taken out of a record.
      meetsAll(made, ['DiagnosticReport.category 0..1']);
    },
    60_000,
  );
});

describe('the table', () => {
  it('finds what is not as IPS wants it', async () => {
    const api = openApi();
    await stored(api, { resourceType: 'Patient', id: 'p', name: [{ text: 'x' }], birthDate: '1950' });
    const { body } = await api.send('GET', '/Patient/p/$summary');
    const made = body as Resource & { entry: Entry[] };
    const [first, ...others] = made.entry;
    const composition = first!.resource as Resource & { section: { code: unknown; emptyReason?: object }[] };
    const section = composition.section.map(({ emptyReason: _, ...rest }) => rest);
    expect(ipsFaults({ ...made, entry: [{ ...first, resource: { ...composition, section } }, ...others] })).toContain(
      'section 48765-2: ips-comp-1',
    );
    const less = composition.section.slice(1);
    expect(
      ipsFaults({ ...made, entry: [{ ...first, resource: { ...composition, section: less } }, ...others] }),
    ).toEqual(['section 11450-4 1..1']);
    expect(ipsFaults({ ...made, entry: [first!, ...others.slice(1)] })).toContain('Bundle.entry:patient 1..1');
  });
});
