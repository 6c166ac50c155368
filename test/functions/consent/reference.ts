// An evaluator of the decision order of domain.md 4.4, written apart from functions/consent: a list of steps over plain sets, consents as
// flat lists of provisions with their paths. Slow and literal; only tests use it.
export interface Case {
  readonly who: { readonly sub: string; readonly role: string; readonly code: string; readonly kind: string };
  readonly purpose: string;
  readonly now: number;
  readonly record: {
    readonly type: string;
    readonly dataClass: string;
    readonly source: string;
    readonly labels: readonly string[];
    readonly code: string;
    readonly day: number | undefined;
    readonly to: readonly string[];
  };
  readonly consents: readonly Provision[];
  readonly dead: boolean;
  readonly region: string;
  readonly glass: { readonly until: number; readonly overrides: boolean } | undefined;
  readonly mine: boolean;
}

export interface Provision {
  readonly type?: 'permit' | 'deny';
  readonly actors?: readonly [kind: 'code' | 'facility-type' | 'role' | 'sub', value: string][];
  readonly classes?: readonly string[];
  readonly labels?: readonly string[];
  readonly purposes?: readonly string[];
  readonly from?: number;
  readonly to?: number;
  readonly dataFrom?: number;
  readonly dataTo?: number;
  readonly nested?: readonly Provision[];
}

export const FACILITY_TYPES: Readonly<Record<string, string>> = {
  H: 'hospital',
  C: 'clinic',
  P: 'pharmacy',
  F: 'fire',
};

const CARE = 'TREAT ETREAT BTG CAREMGT COC'.split(' ');
const SENSITIVE = ['HIV', 'PSY'];
const SYSTEM_AS: Readonly<Record<string, string>> = {
  hospital: 'doctor',
  clinic: 'doctor',
  pharmacy: 'pharmacist',
  fire: 'ambulance',
};

/** Rows: role; columns: what it may read of others. `*` everything in the class. Typed from domain.md 6.3. */
const ROLE_READS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  doctor: { basic: '*', clinical: '*', document: '*', care: '*', home: '*', admin: '*' },
  nurse: { basic: '*', clinical: '*', document: '*', care: '*', home: '*', admin: '*' },
  pharmacist: { basic: '*', clinical: '*', document: 'DocumentReference', care: '*', home: '*', admin: '*' },
  laboratory: { basic: '*' },
  'care-manager': {
    basic: '*',
    clinical: 'Condition MedicationRequest',
    document: 'code:18842-5',
    care: '*',
    home: '*',
  },
  ambulance: {
    basic: '*',
    clinical: 'AllergyIntolerance Condition MedicationRequest Observation',
    document: 'code:42348-3',
    care: '',
    home: '*',
  },
  municipal: {},
  admin: {},
  resident: { basic: '*', clinical: '*', document: '*', care: '*', home: '*', admin: '*' },
};
/** What a role writes at its own facility, and so sees there. */
const ROLE_WRITES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  doctor: ROLE_READS.doctor!,
  nurse: { clinical: 'Observation', document: 'DocumentReference', care: '*', admin: 'Task' },
  pharmacist: { document: 'DocumentReference', admin: 'Task' },
  laboratory: { clinical: 'Observation', document: 'DocumentReference ImagingStudy', admin: 'Task' },
  'care-manager': { clinical: 'Observation', care: '*', admin: 'Task' },
  ambulance: { clinical: 'Observation', document: 'DocumentReference' },
  municipal: { basic: '*' },
  admin: {},
  resident: {},
};
const GLASS = ['doctor', 'nurse', 'pharmacist', 'ambulance'];
const DRUG_DAYS = 90;

const inCell = (cell: string | undefined, { type, code }: Case['record']): boolean =>
  cell === '*' ||
  (cell ?? '').split(' ').some((word) => word === type || (type === 'DocumentReference' && word === `code:${code}`));

/** +1 surely, 0 perhaps, -1 not: one provision, its nested ones left out. */
const meaning = (c: Case, p: Provision): number => {
  const { record, who } = c;
  const tests: number[] = [];
  if (p.from !== undefined) tests.push(c.now >= p.from ? 1 : -1);
  if (p.to !== undefined) tests.push(c.now < p.to ? 1 : -1);
  if (p.labels) tests.push(record.labels.some((label) => p.labels!.includes(label)) ? 1 : -1);
  const purposes = p.purposes ?? (p.type === 'permit' ? CARE : undefined);
  if (purposes) tests.push(purposes.includes(c.purpose) ? 1 : -1);
  if (p.actors)
    tests.push(
      Math.max(
        ...p.actors.map(([kind, value]) => {
          if (kind === 'code') return value === who.code ? 1 : -1;
          if (kind === 'facility-type') return value === FACILITY_TYPES[who.code] ? 1 : -1;
          if (kind === 'sub') return value === who.sub ? 1 : -1;
          if (value === who.role) return 1;
          return who.role === 'system' && SYSTEM_AS[FACILITY_TYPES[who.code] ?? ''] === value ? 0 : -1;
        }),
      ),
    );
  if (p.classes) tests.push(Math.max(...p.classes.map((name) => (isOf(name, record) ? 1 : -1))));
  if ((p.dataFrom !== undefined || p.dataTo !== undefined) && record.type !== 'Patient') {
    const day = record.day;
    tests.push(day === undefined ? 0 : day >= (p.dataFrom ?? -Infinity) && day + 1 <= (p.dataTo ?? Infinity) ? 1 : -1);
  }
  return Math.min(1, ...tests);
};

const isOf = (name: string, { type, dataClass, code }: Case['record']): boolean => {
  if (name === type) return true;
  if (['basic', 'clinical', 'care', 'home', 'admin'].includes(name)) return dataClass === name;
  if (name === 'document') return dataClass === 'document' && type !== 'ImagingStudy';
  if (name === 'progress-note') return dataClass === 'document' && type !== 'ImagingStudy' && code === '11506-3';
  const types: Record<string, string> = {
    disease: 'Condition',
    allergy: 'AllergyIntolerance',
    drug: 'MedicationRequest',
    lab: 'Observation',
    image: 'ImagingStudy',
  };
  return types[name] === type && dataClass !== 'home';
};

/** Every path from a consent's root down to a provision. */
const paths = (p: Provision, above: readonly Provision[] = []): (readonly Provision[])[] => [
  [...above, p],
  ...(p.nested ?? []).flatMap((one) => paths(one, [...above, p])),
];

/** A consent's word: the deepest provisions that speak; what stands above one that has spoken is silent. */
const word = (c: Case, consent: Provision): { deny: boolean; named: string[] | undefined } => {
  const speaking = new Map<Provision, { type: 'permit' | 'deny'; named: string[] }[]>();
  const byDepth = paths(consent).sort((a, b) => b.length - a.length);
  for (const path of byDepth) {
    const own = path.at(-1)!;
    const sure = meaning(c, own);
    const below = (own.nested ?? []).flatMap((one) => speaking.get(one) ?? []);
    const named = path
      .flatMap((p) => p.labels ?? [])
      .filter((l) => SENSITIVE.includes(l) && c.record.labels.includes(l));
    let said: { type: 'permit' | 'deny'; named: string[] }[] = [];
    if (sure >= 0) {
      const denied = below.filter(({ type }) => type === 'deny');
      const permitted = sure === 1 ? below.filter(({ type }) => type === 'permit') : [];
      if (denied.length > 0) said = denied;
      else if (permitted.length > 0) said = permitted;
      else if (own.type === 'deny') said = [{ type: 'deny', named }];
      else if (own.type === 'permit' && sure === 1) said = [{ type: 'permit', named }];
    }
    speaking.set(own, said);
  }
  const said = speaking.get(consent)!;
  if (said.some(({ type }) => type === 'deny')) return { deny: true, named: undefined };
  return { deny: false, named: said.length > 0 ? said.flatMap((one) => one.named) : undefined };
};

/** Permitted, and by what. */
export const reference = (c: Case): string => {
  const { who, record } = c;
  const row = who.role === 'system' ? SYSTEM_AS[FACILITY_TYPES[who.code] ?? ''] : who.role;
  if (row === undefined) return 'no';
  // 1
  if (row === 'ambulance' && !['ETREAT', 'BTG'].includes(c.purpose)) return 'no';
  // 2
  const own = record.source === who.code && who.kind !== 'resident';
  const writes = who.role === 'system' ? ROLE_READS.doctor! : ROLE_WRITES[row]!;
  const readable =
    inCell(ROLE_READS[row]![record.dataClass], record) || (own && inCell(writes[record.dataClass], record));
  if (!readable) return 'no';
  if (who.kind === 'resident') {
    if (!c.mine || c.dead || record.labels.includes('UNDELIVERED') || record.labels.includes('UNINFORMED')) return 'no';
    return 'self';
  }
  // 2a
  if (own) return 'own';
  if (c.dead) return 'no';
  // 3
  if (record.labels.includes('UNDELIVERED')) return 'no';
  // 5 to 8
  const words = c.consents.map((consent) => word(c, consent));
  const denied = words.some(({ deny }) => deny);
  const permits = denied ? [] : words.flatMap(({ named }) => (named ? [named] : []));
  const named = permits.flat();
  const unnamed = record.labels.filter((label) => SENSITIVE.includes(label) && !named.includes(label));
  if (!denied && unnamed.length === 0) {
    if (permits.length > 0) return 'consent';
    if (record.type === 'Task' && record.to.includes(who.code)) return 'participant';
    if (c.region === 'implicit' && CARE.includes(c.purpose)) return 'implied';
  }
  // 9
  if (!c.glass || c.purpose !== 'BTG' || c.glass.until <= c.now) return 'no';
  if (who.kind !== 'staff' || !GLASS.includes(who.role)) return 'no';
  if (denied && !c.glass.overrides) return 'no';
  if (record.labels.includes('HIV') && !named.includes('HIV')) return 'no';
  const set =
    ['AllergyIntolerance', 'Condition', 'Patient'].includes(record.type) ||
    (record.type === 'MedicationRequest' && (record.day === undefined || record.day + 1 > c.now - DRUG_DAYS)) ||
    (record.type === 'Observation' && record.code === '718-7') ||
    (record.type === 'DocumentReference' && ['18842-5', '42348-3'].includes(record.code));
  return set ? 'break-glass' : 'no';
};
