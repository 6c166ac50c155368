// JP Core 1.2.0, profile by profile: http://jpfhir.jp/fhir/core/1.2.0/
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { BUILT_IN } from '../../../functions/profiles/built-in.ts';
import { jpCoreProfiles } from '../../../functions/profiles/jp-core/index.ts';
import { profileIssues, requiredProfiles } from '../../../functions/profiles/profiles.ts';
import * as given from './given.ts';

const errors = (resource: Resource, required?: string[]) =>
  profileIssues(resource, { required })
    .filter(({ severity }) => severity === 'error')
    .flatMap(({ expression }) => expression);

describe('a resource that meets the profile that it claims', () => {
  it.each([given.patient(), given.labResult(), given.vitalSign(), given.order(), given.report()])(
    'is taken: $meta.profile.0',
    (resource) => {
      expect(validate(resource)).toEqual([]);
      expect(profileIssues(resource)).toEqual([]);
    },
  );
});

describe('a deliberate error is refused, and the element named', () => {
  const { identifier: _, ...nameless } = given.patient();
  const { authoredOn: __, ...undated } = given.order();
  const dose = (more: object) => given.order({ dosageInstruction: [{ doseAndRate: [more] }] });
  it.each<[string, string | string[], Resource]>([
    ['JP_Patient needs an identifier', 'Patient.identifier', nameless as Resource],
    ['with a value', 'Patient.identifier[0].value', given.patient({ identifier: [{ system: 'urn:x' }] })],
    [
      'an extension has the type of its definition',
      'Patient.extension[0].value',
      given.patient({ extension: [{ url: given.extension('JP_Patient_Race'), valueString: 'x' }] }),
    ],
    [
      'and stands where it may',
      'Patient.name[0].extension[0]',
      given.patient({
        name: [{ extension: [{ url: given.extension('JP_Patient_Race'), valueCodeableConcept: { text: 'x' } }] }],
      }),
    ],
    [
      'an extension that may be there once is there once',
      'Patient.extension',
      given.patient({
        extension: ['a', 'b'].map((city) => ({
          url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace',
          valueAddress: { city },
        })),
      }),
    ],
    [
      'the name representation is a code of its value set',
      'Patient.name[0].extension[0].value',
      given.patient({
        name: [
          {
            extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation', valueCode: 'X' }],
          },
        ],
      }),
    ],
    [
      'JP_Observation_Common needs the category',
      'Observation.category',
      given.vitalSign({ category: [{ text: 'x' }] }),
    ],
    [
      'which is that of the profile',
      'Observation.category[0].coding[0].code',
      given.vitalSign({ category: given.labResult().category }),
    ],
    [
      'and of the value set',
      ['Observation.category[0]', 'Observation.category[0].coding[0].code'],
      given.vitalSign({
        category: [{ coding: [{ system: `${given.CORE}/CodeSystem/JP_SimpleObservationCategory_CS`, code: 'none' }] }],
      }),
    ],
    [
      'vital signs are of a patient',
      'Observation.subject.reference',
      given.vitalSign({ subject: { reference: 'Device/1' } }),
    ],
    [
      'at a time or in a period',
      'Observation.effective',
      given.vitalSign({ effectiveDateTime: undefined, effectiveInstant: '2026-11-01T00:00:00Z' }),
    ],
    ['a laboratory result has a specimen', 'Observation.specimen', given.labResult({ specimen: undefined })],
    ['and a time', 'Observation.effective', given.labResult({ effectiveDateTime: undefined })],
    ['a code', 'Observation.code.coding', given.labResult({ code: { text: 'x' } })],
    ['with its text', 'Observation.code.text', given.labResult({ code: { coding: [{ code: 'x' }] } })],
    [
      'and a value of certain types',
      'Observation.value',
      given.labResult({ valueQuantity: undefined, valueBoolean: true }),
    ],
    [
      'JP_MedicationRequest needs the number of its RP group',
      ['MedicationRequest.identifier', 'MedicationRequest.identifier'],
      given.order({ identifier: [given.rpNumbers[1]] }),
    ],
    ['a date', 'MedicationRequest.authoredOn', undated as Resource],
    [
      'and the medicine by its code',
      'MedicationRequest.medication',
      given.order({ medicationCodeableConcept: undefined, medicationReference: { reference: 'Medication/1' } }),
    ],
    [
      'a prescription number of a facility says which one',
      'MedicationRequest.identifier[2]',
      given.order({ identifier: [...given.rpNumbers, { system: 'urn:oid:1.2.392.100495.20.3.11.12', value: '1' }] }),
    ],
    [
      'a dose has a unit',
      'MedicationRequest.dosageInstruction[0].doseAndRate[0].dose.code',
      dose({ doseQuantity: { value: 1 } }),
    ],
    [
      'a dose by day is by day',
      [
        'MedicationRequest.dosageInstruction[0].doseAndRate[0].rate.denominator.value',
        'MedicationRequest.dosageInstruction[0].doseAndRate[0].rate.denominator.unit',
        'MedicationRequest.dosageInstruction[0].doseAndRate[0].rate.denominator.code',
      ],
      dose({
        rateRatio: {
          numerator: given.tablets(3),
          denominator: { value: 2, unit: '時間', system: 'http://unitsofmeasure.org', code: 'h' },
        },
      }),
    ],
    [
      'a report has the category of its profile',
      'DiagnosticReport.category[0].coding[0].code',
      given.report({ category: [{ coding: [{ system: 'http://loinc.org', code: 'LP7819-8' }] }] }),
    ],
    [
      'and, where it has the laboratory code, that code',
      'DiagnosticReport.code.coding[0].code',
      given.report({ code: { coding: [{ system: `${given.CORE}/CodeSystem/JP_DocumentCodes_CS`, code: '1' }] } }),
    ],
  ])('%s', (_, expression, resource) => {
    expect(validate(resource)).toEqual([]);
    expect(errors(resource)).toEqual([expression].flat());
  });

  it('says which rule, and never the value', () => {
    const [issue] = profileIssues(given.vitalSign({ category: given.labResult().category }));
    expect(issue?.diagnostics).toBe(
      'Observation.category[0].coding[0].code: must be exactly vital-signs, as JP_Observation_VitalSigns says',
    );
  });
});

describe('what is within a resource', () => {
  const { value: __, ...noValue } = { value: 1, ...given.patient({ identifier: [{ system: 'urn:x' }] }) };
  const inner = noValue as unknown as Resource;

  it('is held to what it claims: entries', () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource: given.patient() }, { resource: inner }],
    };
    expect(errors(bundle)).toEqual(['Bundle.entry[1].resource.identifier[0].value']);
  });

  it('and contained resources', () => {
    const holder = given.vitalSign({ subject: { reference: '#p' }, contained: [{ ...inner, id: 'p' }] });
    expect(errors(holder)).toEqual(['Observation.contained[0].identifier[0].value']);
  });

  it('whose types references lead to', () => {
    const holder = given.vitalSign({ subject: { reference: '#d' }, contained: [{ resourceType: 'Device', id: 'd' }] });
    expect(errors(holder)).toEqual(['Observation.subject.reference']);
  });
});

describe('profiles that are named', () => {
  it('with their version, or the beginning of it', () => {
    for (const version of ['', '|1.2.0', '|1.2'])
      expect(errors({ resourceType: 'Patient', meta: { profile: [given.profile('JP_Patient') + version] } })).toEqual([
        'Patient.identifier',
      ]);
  });

  it('are not checked in a version, or of a name, that nobody knows; only $validate says so', () => {
    for (const name of [`${given.profile('JP_Patient')}|0.9`, 'https://example.org/unknown']) {
      const resource = { resourceType: 'Patient', meta: { profile: [name] } };
      expect(profileIssues(resource)).toEqual([]);
      expect(profileIssues(resource, { verbose: true })).toMatchObject([
        { severity: 'warning', expression: ['Patient.meta.profile'] },
      ]);
    }
  });

  it('are of the type that claims them', () => {
    expect(errors({ resourceType: 'Location', meta: { profile: [given.profile('JP_Patient')] } })).toEqual([
      'Location.meta.profile',
    ]);
  });

  it('take old OIDs of systems for their URLs', () => {
    const identifier = [
      { system: 'urn:oid:1.2.392.100495.20.3.81', value: '1' },
      { system: 'urn:oid:1.2.392.100495.20.3.82', value: '1' },
    ];
    expect(errors(given.order({ identifier }))).toEqual([]);
  });

  it('warn where a code is not of an extensible value set, and refuse nothing', () => {
    const organization = {
      resourceType: 'DiagnosticReport',
      meta: { profile: [given.profile('JP_DiagnosticReport_Endoscopy')] },
      status: 'final',
      category: [{ coding: [{ system: 'http://loinc.org', code: 'LP7796-8' }] }],
      code: { text: 'x' },
    };
    expect(profileIssues(organization)).toMatchObject([{ severity: 'warning', expression: ['DiagnosticReport.code'] }]);
  });
});

describe('what a region requires', () => {
  const plain = { resourceType: 'Patient', name: [{ family: 'Awa' }] };

  it('is nothing, unless it says so', () => {
    expect(requiredProfiles(undefined, plain)).toEqual([]);
    expect(requiredProfiles(['Observation'], plain)).toEqual([]);
    expect(requiredProfiles(true, { resourceType: 'Basic' })).toEqual([]);
  });

  it('is asked of what claims nothing', () => {
    expect(errors(plain, requiredProfiles(true, plain))).toEqual(['Patient.identifier']);
    expect(errors(plain, requiredProfiles(['Patient'], plain))).toEqual(['Patient.identifier']);
  });

  it('is the profile for injections where the medicine is a resource of its own', () => {
    const injection = { resourceType: 'MedicationRequest', medicationReference: { reference: 'Medication/1' } };
    expect(requiredProfiles(true, injection)).toEqual([given.profile('JP_MedicationRequest_Injection')]);
    expect(requiredProfiles(true, { resourceType: 'MedicationRequest' })).toEqual([
      given.profile('JP_MedicationRequest'),
    ]);
  });

  it('names profiles that there are', () => {
    for (const { type } of jpCoreProfiles().values())
      for (const url of requiredProfiles(true, { resourceType: type }))
        expect(BUILT_IN.profile(url)?.type, url).toBe(type);
  });
});

describe('the tables', () => {
  it('hold every profile, and each can be compiled', () => {
    for (const { url, type, base } of jpCoreProfiles().values()) {
      expect(BUILT_IN.profile(url)?.type, url).toBe(type);
      if (base) expect(jpCoreProfiles().get(base)?.type, url).toBe(type);
    }
  });

  it('are small', async () => {
    const { build } = await import('esbuild');
    const { outputFiles } = await build({
      entryPoints: ['functions/profiles/jp-core/index.ts'],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'node',
      write: false,
    });
    expect(outputFiles[0]!.contents.length).toBeLessThan(40_000);
  });
});
