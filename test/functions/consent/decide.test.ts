// The role × data matrix of domain.md 6.3 and the order of 4.4, held against a table that was typed by hand.
import { describe, expect, it } from 'vitest';
import { parseScopes } from '../../../functions/auth/scopes.ts';
import type { Actor, Role } from '../../../functions/consent/actor.ts';
import { decide, type Question } from '../../../functions/consent/decide.ts';
import { REGION_OWNER } from '../../../functions/consent/matrix.ts';
import { RESOURCE_TYPES } from '../../../functions/fhir/resource-types.ts';

const OWN = '3610000001';
const OTHER = '3610000002';

const actor = (role: Role, more: Partial<Actor> = {}): Actor => ({
  kind: role === 'system' ? 'system' : role === 'resident' ? 'resident' : 'staff',
  subject: 'subject-1',
  role,
  facility: role === 'resident' ? undefined : OWN,
  facilityType: role === 'resident' ? undefined : 'hospital',
  scopes: parseScopes('user/*.cruds system/*.cruds patient/*.cruds'),
  patients: role === 'resident' ? ['mine'] : [],
  tokenId: 't',
  ...more,
});

const ask = (question: Partial<Question> & Pick<Question, 'actor'>) =>
  decide({
    action: 'read',
    type: 'Observation',
    dataClass: 'clinical',
    facility: OTHER,
    patientId: question.actor.kind === 'resident' ? 'mine' : 'p1',
    purpose: question.actor.role === 'ambulance' || question.actor.facilityType === 'fire' ? 'ETREAT' : 'TREAT',
    now: 0,
    consentDefault: 'implicit',
    ...question,
  });

// Columns: what one line of a cell is tried with.
const COLUMNS: Record<string, Partial<Question>> = {
  patient: { type: 'Patient', dataClass: 'basic' },
  lab: { type: 'Observation', dataClass: 'clinical' },
  drug: { type: 'MedicationRequest', dataClass: 'clinical' },
  disease: { type: 'Condition', dataClass: 'clinical' },
  allergy: { type: 'AllergyIntolerance', dataClass: 'clinical' },
  note: { type: 'DocumentReference', dataClass: 'document' },
  dischg: { type: 'DocumentReference', dataClass: 'document', codes: ['http://loinc.org|18842-5'] },
  direct: { type: 'DocumentReference', dataClass: 'document', codes: ['http://loinc.org|42348-3'] },
  image: { type: 'ImagingStudy', dataClass: 'document' },
  care: { type: 'CarePlan', dataClass: 'care' },
  home: { type: 'Observation', dataClass: 'home' },
  message: { type: 'Communication', dataClass: 'care' },
  task: { type: 'Task', dataClass: 'admin' },
  claim: { type: 'Claim', dataClass: 'admin' },
  org: { type: 'Organization', dataClass: 'basic' },
  values: { type: 'ValueSet', dataClass: 'admin' },
  consent: { type: 'Consent', dataClass: 'admin' },
  person: { type: 'Person', dataClass: 'basic' },
  audit: { type: 'AuditEvent', dataClass: 'admin' },
};

// r: reads other facilities' (and own) records; o: reads own ones only; w: writes own ones; -: nothing.
const TABLE = `
role            patient lab  drug disease allergy note dischg direct image care home message task claim org  values consent person audit
doctor          rw      rw   rw   rw      rw      rw   rw     rw     rw    rw   rw   rw      rw   rw    rw   rw     ow      ow     -
dentist         rw      rw   rw   rw      rw      rw   rw     rw     rw    rw   rw   rw      rw   rw    rw   rw     ow      ow     -
nurse           r       rw   r    r       r       rw   rw     rw     r     rw   r    rw      rw   r     r    r      -       -      -
pharmacist      r       r    r    r       r       rw   rw     rw     -     r    r    rw      rw   r     r    r      -       -      -
laboratory      r       ow   -    -       -       ow   ow     ow     ow    -    -    -       ow   -     r    r      -       -      -
care-manager    r       ow   r    r       -       -    r      -      -     rw   r    rw      ow   -     r    r      -       -      -
care-staff      r       ow   r    r       -       -    r      -      -     rw   r    rw      ow   -     r    r      -       -      -
support-centre  r       -    r    r       -       -    -      -      -     rw   r    rw      ow   -     r    r      -       -      -
ambulance       r       rw   r    r       r       ow   ow     rw     -     -    r    ow      -    -     r    r      -       -      -
municipal       ow      -    -    -       -       -    -      -      -     -    -    -       -    -     r    r      ow      ow     -
operator        ow      -    -    -       -       -    -      -      -     -    -    -       -    -     r    r      ow      ow     -
privacy         -       -    -    -       -       -    -      -      -     -    -    -       -    -     r    r      -       -      r
admin           -       -    -    -       -       -    -      -      -     -    -    -       -    -     rw   rw     -       -      -
`;
const [header = [], ...rows] = TABLE.trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));
const cells = rows.flatMap(([role, ...values]) =>
  values.map((value, i) => [role as Role, header[i + 1] as string, value] as const),
);

const observed = (who: Actor, column: string) => {
  const what = COLUMNS[column] as Partial<Question>;
  const reads = ask({ actor: who, ...what }).permit;
  const readsOwn = ask({ actor: who, ...what, facility: OWN }).permit;
  const verbs = (['create', 'update', 'delete'] as const).map(
    (action) => ask({ actor: who, ...what, action, facility: OWN }).permit,
  );
  expect(new Set(verbs).size, 'create, update and delete go together').toBe(1);
  if (reads) expect(readsOwn, 'who reads others reads the own').toBe(true);
  return `${reads ? 'r' : readsOwn ? 'o' : ''}${verbs[0] ? 'w' : ''}` || '-';
};

describe('the matrix, cell by cell', () => {
  it.each(cells)('%s, %s: %s', (role, column, expected) => {
    expect(observed(actor(role), column)).toBe(expected);
  });

  it.each([
    ['hospital', 'lab', 'rw'],
    ['clinic', 'lab', 'rw'],
    ['pharmacy', 'lab', 'rw'],
    ['pharmacy', 'image', 'ow'],
    ['care', 'lab', 'ow'],
    ['care', 'drug', 'rw'],
    ['laboratory', 'drug', 'ow'],
    ['fire', 'allergy', 'rw'],
    ['municipality', 'patient', 'ow'],
    ['municipality', 'lab', '-'],
    ['operator', 'lab', '-'],
    ['hospital', 'audit', '-'],
    ['nobody knows', 'org', '-'],
  ])('a system of a %s, %s: %s', (facilityType, column, expected) => {
    expect(observed(actor('system', { facilityType }), column)).toBe(expected);
  });

  it('refuses a class of data that it does not know', () => {
    for (const dataClass of ['audit', 'enrolment', 'directory', 'everything', '']) {
      expect(ask({ actor: actor('doctor'), dataClass, facility: OWN }).permit).toBe(false);
      expect(ask({ actor: actor('doctor'), dataClass, facility: OWN, action: 'create' }).permit).toBe(false);
    }
  });
});

describe('only the source facility changes a resource', () => {
  it.each(['update', 'delete'] as const)('%s of another facility is 403, with its reason', (action) => {
    expect(ask({ actor: actor('doctor'), action })).toMatchObject({ permit: false, hide: false });
    expect(ask({ actor: actor('system'), action })).toMatchObject({ permit: false, hide: false });
  });

  it('cannot be got round by leaving the source out', () => {
    expect(ask({ actor: actor('doctor'), action: 'update', facility: undefined }).permit).toBe(false);
    expect(ask({ actor: actor('doctor'), action: 'read', facility: undefined }).permit).toBe(false);
  });

  it('nobody writes without a facility', () => {
    const homeless = actor('doctor', { facility: undefined });
    expect(ask({ actor: homeless, action: 'create', facility: undefined }).permit).toBe(false);
  });
});

describe('the order of the decision', () => {
  it('the scopes of the token come first, and only narrow', () => {
    const narrow = actor('system', { scopes: parseScopes('system/Observation.rs') });
    expect(ask({ actor: narrow }).permit).toBe(true);
    expect(ask({ actor: narrow, type: 'Condition' }).permit).toBe(false);
    expect(ask({ actor: narrow, action: 'create', facility: OWN }).permit).toBe(false);
    const wide = actor('municipal', { scopes: parseScopes('user/*.cruds system/*.cruds patient/*.cruds') });
    expect(ask({ actor: wide }).permit).toBe(false);
    expect(ask({ actor: actor('doctor', { scopes: [] }) }).permit).toBe(false);
    expect(ask({ actor: actor('doctor', { scopes: parseScopes('system/*.cruds patient/*.cruds') }) }).permit).toBe(
      false,
    );
  });

  it('an ambulance sees nothing without an emergency', () => {
    for (const purpose of ['ETREAT', 'BTG']) expect(ask({ actor: actor('ambulance'), purpose }).permit).toBe(true);
    for (const purpose of ['TREAT', 'HRESCH', '']) {
      expect(ask({ actor: actor('ambulance'), purpose }).permit).toBe(false);
      expect(ask({ actor: actor('ambulance'), purpose, type: 'Patient', dataClass: 'basic' }).permit).toBe(false);
    }
  });

  it('UNDELIVERED stays with its source', () => {
    const labels = ['http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication|UNDELIVERED'];
    expect(ask({ actor: actor('doctor'), labels })).toMatchObject({ permit: false, hide: true });
    expect(ask({ actor: actor('doctor'), labels, facility: OWN }).permit).toBe(true);
    expect(ask({ actor: actor('resident'), labels }).permit).toBe(false);
  });

  it('UNINFORMED is hidden from the patient, not from those who treat', () => {
    const labels = ['http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication|UNINFORMED'];
    expect(ask({ actor: actor('resident'), labels })).toMatchObject({ permit: false, hide: true });
    expect(ask({ actor: actor('doctor'), labels }).permit).toBe(true);
  });

  it.each(['v3-ActCode|HIV', 'v3-ActCode|PSY', 'v3-Confidentiality|R', 'v3-Confidentiality|V'])(
    'a record labelled %s needs a permit that names it',
    (label) => {
      const labels = [`http://terminology.hl7.org/CodeSystem/${label}`];
      expect(ask({ actor: actor('doctor'), labels })).toMatchObject({ permit: false, hide: true });
      expect(ask({ actor: actor('doctor'), labels, facility: OWN }).permit).toBe(true);
      expect(ask({ actor: actor('resident'), labels }).permit).toBe(true);
    },
  );

  it('the region decides whether posted, implied consent opens records of other facilities', () => {
    for (const consentDefault of ['own-facility', undefined] as const) {
      expect(ask({ actor: actor('doctor'), consentDefault })).toMatchObject({ permit: false, hide: true });
      expect(ask({ actor: actor('doctor'), consentDefault, facility: OWN }).permit).toBe(true);
      expect(ask({ actor: actor('doctor'), consentDefault, type: 'Organization', dataClass: 'basic' }).permit).toBe(
        true,
      );
    }
  });

  it('implied consent covers the care of the patient only', () => {
    for (const purpose of ['HRESCH', 'HPAYMT', 'HMARKT', '']) {
      expect(ask({ actor: actor('doctor'), purpose }).permit).toBe(false);
      expect(ask({ actor: actor('doctor'), purpose, facility: OWN }).permit).toBe(true);
    }
  });
});

describe('a resident', () => {
  it('reads the own record of every facility, whatever the region has set', () => {
    for (const consentDefault of ['own-facility', 'implicit'] as const)
      for (const column of ['patient', 'lab', 'note', 'care', 'home', 'task', 'claim', 'consent', 'person', 'audit'])
        expect(ask({ actor: actor('resident'), ...COLUMNS[column], consentDefault }).permit, column).toBe(true);
  });

  it("learns nothing of anybody else's", () => {
    for (const patientId of ['theirs', undefined])
      for (const column of ['patient', 'lab', 'note', 'care', 'home', 'task', 'claim', 'consent', 'person', 'audit'])
        expect(ask({ actor: actor('resident'), ...COLUMNS[column], patientId }), column).toMatchObject({
          permit: false,
          hide: true,
        });
  });

  it('writes home records and consents of the own, and nothing else', () => {
    const writes = (column: string, more: Partial<Question> = {}) =>
      ask({ actor: actor('resident'), ...COLUMNS[column], action: 'create', facility: undefined, ...more }).permit;
    expect(Object.keys(COLUMNS).filter((column) => writes(column))).toEqual(['home', 'consent']);
    expect(writes('home', { patientId: 'theirs' })).toBe(false);
    expect(writes('home', { action: 'update', facility: REGION_OWNER })).toBe(true);
    expect(writes('home', { action: 'update', facility: OWN })).toBe(false);
  });
});

describe('a search, before anything is found', () => {
  const search = (who: Actor, type: string) =>
    ask({ actor: who, type, action: 'search', facility: undefined, dataClass: undefined, patientId: undefined }).permit;

  it('may be made by who may see some of the type', () => {
    expect(search(actor('doctor'), 'Observation')).toBe(true);
    expect(search(actor('resident'), 'Observation')).toBe(true);
    expect(search(actor('care-manager'), 'DocumentReference')).toBe(true);
    expect(search(actor('privacy'), 'AuditEvent')).toBe(true);
  });

  it('is refused to who may see none', () => {
    expect(search(actor('doctor'), 'AuditEvent')).toBe(false);
    expect(search(actor('system', { facilityType: 'unknown' }), 'Patient')).toBe(false);
    expect(search(actor('doctor', { scopes: [] }), 'Observation')).toBe(false);
  });
});

describe('municipal officers, operators, privacy officers and administrators', () => {
  const PUBLIC =
    /^(Organization|OrganizationAffiliation|Practitioner|PractitionerRole|Location|HealthcareService|Endpoint|Schedule|Slot|InsurancePlan)$|Definition|Statement$|Evidence|Synthesis|^(CatalogEntry|CodeSystem|ConceptMap|ExampleScenario|ImplementationGuide|Library|Measure|MedicationKnowledge|NamingSystem|Questionnaire|SearchParameter|StructureMap|TerminologyCapabilities|TestReport|TestScript|ValueSet)$/;

  it.each(['municipal', 'operator', 'privacy', 'admin'] as const)(
    '%s: sees nothing of a patient at another facility, of all types and classes',
    (role) => {
      const seen = RESOURCE_TYPES.filter((type) =>
        ['basic', 'clinical', 'document', 'care', 'home', 'admin'].some(
          (dataClass) => ask({ actor: actor(role), type, dataClass }).permit,
        ),
      );
      expect(seen.filter((type) => !PUBLIC.test(type))).toEqual(role === 'privacy' ? ['AuditEvent'] : []);
      expect(seen).not.toContain('MedicationStatement');
      expect(seen).not.toContain('DeviceUseStatement');
    },
  );
});
