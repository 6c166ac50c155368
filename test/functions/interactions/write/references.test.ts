import { describe, expect, it } from 'vitest';
import { normaliseReferences, relativeToBase, slotsOf } from '../../../../functions/interactions/write/references.ts';

const BASE = 'https://api.tokushima.example/fhir';

describe('links of a resource', () => {
  it('are references, uris, urls and the addresses in the narrative; not identifiers, texts or canonicals', () => {
    const slots = slotsOf({
      resourceType: 'Patient',
      text: { status: 'generated', div: '<div><a href="urn:uuid:1">x</a><img src="urn:uuid:2"/></div>' },
      identifier: [{ system: 'urn:system', value: 'urn:uuid:3' }],
      managingOrganization: { reference: 'urn:uuid:4', display: 'urn:uuid:5' },
      photo: [{ url: 'urn:uuid:6', title: 'urn:uuid:7' }],
      contained: [
        { resourceType: 'Observation', subject: { reference: 'urn:uuid:8' }, instantiatesCanonical: 'urn:uuid:9' },
      ],
      _birthDate: { extension: [{ url: 'urn:x', valueReference: { reference: 'urn:uuid:10' } }] },
      extension: [{ url: 'urn:y', valueString: 'urn:uuid:11' }],
    });
    const found = slots.map(({ value }) => value).filter((value) => value.startsWith('urn:uuid'));
    expect(found.sort()).toEqual(['1', '2', '4', '6', '8', '10'].map((n) => `urn:uuid:${n}`).sort());
    expect(
      slots
        .filter(({ isReference }) => isReference)
        .map(({ value }) => value)
        .sort(),
    ).toEqual(['urn:uuid:10', 'urn:uuid:4', 'urn:uuid:8']);
  });

  it('are written where they stand', () => {
    const resource = { resourceType: 'Patient', generalPractitioner: [{ reference: 'a' }, { reference: 'b' }] };
    for (const slot of slotsOf(resource)) slot.write(`${slot.value}!`);
    expect(resource.generalPractitioner).toEqual([{ reference: 'a!' }, { reference: 'b!' }]);
  });
});

describe('addresses below our own base', () => {
  it('become relative; others, and what is no resource, stay', () => {
    expect(relativeToBase(`${BASE}/Patient/1`, [BASE])).toBe('Patient/1');
    expect(relativeToBase(`${BASE}/Patient?identifier=1`, [BASE])).toBe('Patient?identifier=1');
    expect(relativeToBase(`${BASE}/nonsense/1`, [BASE])).toBeUndefined();
    expect(relativeToBase('https://elsewhere.example/fhir/Patient/1', [BASE])).toBeUndefined();
    expect(relativeToBase(`${BASE}.evil.example/Patient/1`, [BASE])).toBeUndefined();
    const resource = { subject: { reference: `${BASE}/Patient/1` }, url: `${BASE}/ValueSet/1` };
    normaliseReferences(resource, [BASE]);
    expect(resource).toEqual({ subject: { reference: 'Patient/1' }, url: `${BASE}/ValueSet/1` });
  });
});
