// docs/terminology.md, "Systems".
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../functions/fhir/json.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { copyOf } from '../../../functions/interactions/patch/copy.ts';
import { canonicalise, canonicalSystem, ORIGINAL_SYSTEM, original } from '../../../functions/terminology/systems.ts';
import { MHLW, TABLE } from './table.ts';

/** Rows without an OID: there is only one spelling. */
const URL_ONLY = [
  'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no',
  `${MHLW}/IdSystem/InsuredPersonSubnumber`,
  'http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID',
  `${MHLW}/CodeSystem/masterB-disease`,
  `${MHLW}/CodeSystem/masterZ-disease-modifier`,
  'http://capstandard.jp/CodeSystem/KikakubetsuYakuzaiSeibun',
  'http://loinc.org',
  'http://unitsofmeasure.org',
];

const copy = <T>(value: T): T => copyOf(value) as T;

const observation = (system: string, more: Record<string, unknown> = {}): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  identifier: [{ system, value: '1', assigner: { identifier: { system, value: '2' } } }],
  code: {
    coding: [
      { system, code: 'c' },
      { system: 'http://loinc.org', code: '718-7' },
    ],
  },
  valueQuantity: { value: 1, system, code: 'u' },
  ...more,
});

describe('A system that is written as an OID', () => {
  describe.each(TABLE)('%s (%s)', (_, oid, url) => {
    const canonical = url === '=' ? `urn:oid:${oid}` : url;
    const spellings = [`urn:oid:${oid}`, oid, `URN:OID:${oid}`];

    it.each(spellings)('is stored under its canonical name, however it is spelt: %s', (spelling) => {
      expect(canonicalSystem(spelling)).toBe(canonical);
      expect(canonicalSystem(canonical)).toBe(canonical);
    });

    it.each(spellings)('is kept as it came, in valid R4, and can be restored to the letter: %s', (spelling) => {
      const sent = observation(spelling);
      const stored = canonicalise(copy(sent));

      expect(validate(stored)).toEqual([]);
      expect(JSON.stringify(stored.code)).toContain(canonical);
      if (spelling !== canonical)
        expect((stored.identifier as { extension?: unknown }[])[0]?.extension).toEqual([
          { url: ORIGINAL_SYSTEM, valueUri: spelling },
        ]);
      expect(JSON.stringify(original(stored))).toBe(JSON.stringify(sent));
    });
  });
});

describe('Canonicalisation', () => {
  it.each(URL_ONLY)('leaves %s alone', (url) => {
    const sent = observation(url);
    const text = JSON.stringify(sent);
    expect(JSON.stringify(canonicalise(sent))).toBe(text);
  });

  it('copies nothing: the resource is the one that came', () => {
    const sent = observation('1.2.392.200119.4.504');
    expect(canonicalise(sent)).toBe(sent);
  });

  it('keeps extensions that are there, and its own stays last', () => {
    const extension = [{ url: 'http://example.org/x', valueString: 'y' }];
    const sent = observation('http://loinc.org', {
      code: { coding: [{ system: 'urn:oid:1.2.392.200119.4.504', code: 'c', extension }] },
    });
    const stored = canonicalise(copy(sent));
    expect(validate(stored)).toEqual([]);
    expect(original(stored)).toEqual(sent);
  });

  it('changes nothing when a resource comes back as it was read', () => {
    const stored = canonicalise(observation('urn:oid:1.2.392.200119.4.504'));
    const text = JSON.stringify(stored);
    expect(JSON.stringify(canonicalise(stored))).toBe(text);
  });

  it('keeps decimals as they were written', () => {
    const text =
      '{"resourceType":"Observation","valueQuantity":{"value":1.00,"system":"urn:oid:1.2.392.100495.20.2.101"}}';
    const resource = canonicalise(parseJson(text) as unknown as Resource);
    expect(JSON.stringify(resource)).toContain('"value":1.00');
    expect(JSON.stringify(original(resource))).toBe(text);
  });

  it('reaches contained resources, extensions and the entries of a document', () => {
    const system = 'urn:oid:1.2.392.200119.4.504';
    const sent: Resource = {
      resourceType: 'Bundle',
      type: 'document',
      entry: [
        {
          resource: observation(system, {
            contained: [{ resourceType: 'Specimen', id: 's', type: { coding: [{ system, code: '023' }] } }],
            extension: [{ url: 'http://example.org/e', valueCoding: { system, code: 'x' } }],
          }),
        },
      ],
    };
    const stored = canonicalise(copy(sent));
    expect(JSON.stringify(stored)).not.toContain('"system":"urn:oid:');
    expect(original(stored)).toEqual(sent);
  });

  it('changes no letter of a signed Bundle', () => {
    const signed = {
      resourceType: 'Bundle',
      type: 'document',
      entry: [{ resource: observation('urn:oid:1.2.392.200119.4.504') }],
      signature: { data: 'c2ln' },
    };
    const text = JSON.stringify(signed);
    expect(JSON.stringify(canonicalise(signed))).toBe(text);
  });

  it('takes the misprints of the institution number for what the profile fixes', () => {
    for (const misprint of [
      'core/CodeSystem/insurance-medical-institution-no',
      'core/CodeSystem/medicalInstitutionCode',
    ])
      expect(canonicalSystem(`http://jpfhir.jp/fhir/${misprint}`)).toBe(
        'http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no',
      );
  });

  it.each(['phone', '', 'urn:oid:', '1.2', 'urn:uuid:1.2.3.4', '1.2.392.', '3.1.2.3', 'ABC', 'urn:oid:1.02.3'])(
    'takes no other text for an OID: %s',
    (text) => expect(canonicalSystem(text)).toBe(text),
  );

  it('bears JSON that is no resource, since it runs before validation', () => {
    const odd = { resourceType: 'Observation', code: [null, { system: '1.2.392.200119.4.504', extension: 'x' }] };
    expect(() => canonicalise(odd)).not.toThrow();
  });
});
