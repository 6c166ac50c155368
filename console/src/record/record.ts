// One person's record as a chart shows it: all resources of all linked records, sorted into what people look for.
import type { Resource } from '../api/client.ts';
import type { Language } from '../i18n/i18n.ts';
import {
  type Amount,
  amountOf,
  type CodeableConcept,
  codeOf,
  concept,
  conceptText,
  DIASTOLIC,
  dateOf,
  type Flag,
  flagOf,
  hasCode,
  namesOf,
  type Reference,
  SYSTOLIC,
  subjectOf,
  targetOf,
  timeOf,
} from './fhir.ts';
import { detailOf, titleOf } from './texts.ts';

/** A line of any list: what, when, and who said so. */
export interface Item {
  readonly resource: Resource;
  readonly title: string;
  readonly detail: string;
  readonly date: string | undefined;
  readonly time: number | undefined;
  /** Facility that the record is of. */
  readonly source: string;
  /** Its 10 digits, where they are known. */
  readonly facility: string | undefined;
  /** OID of the region that it came from, where that is another one. */
  readonly region: string | undefined;
  /** What the link contract calls that region. */
  readonly regionName: string | undefined;
}

/** A facility that cares for the person, as far as the records say. */
export interface Carer {
  readonly name: string;
  readonly facility: string | undefined;
  readonly region: string | undefined;
  readonly regionName: string | undefined;
  readonly count: number;
  /** The newest record. */
  readonly last: string | undefined;
  readonly types: readonly string[];
}

export interface Point extends Amount {
  readonly date: string;
  readonly time: number;
  readonly flag: Flag;
  readonly source: string;
}

/** Results of one test over time, oldest first. Units do not mix. */
export interface Series {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  readonly points: readonly Point[];
}

export interface Chart {
  readonly patient: Resource | undefined;
  readonly records: readonly Resource[];
  readonly names: { readonly kanji: string; readonly kana: string };
  readonly problems: readonly Item[];
  readonly allergies: readonly Item[];
  readonly medicines: readonly Item[];
  readonly labs: readonly Series[];
  /** Results that are no numbers. */
  readonly findings: readonly Item[];
  readonly vitals: readonly Series[];
  readonly documents: readonly Item[];
  readonly visits: readonly Item[];
  readonly care: readonly Item[];
  readonly team: readonly Item[];
  /** Who else cares: every facility that has written something, the last one first. */
  readonly carers: readonly Carer[];
  readonly immunizations: readonly Item[];
  /** All of it that has a date, newest first. */
  readonly timeline: readonly Item[];
}

/**
 * `resources` in any order, included ones (organizations, practitioners, linked patients) among them. Of one region: ids are each
 * region's own, so what others send gets a chart of its own (`joined`).
 */
export const chartOf = (
  patientId: string,
  resources: readonly Resource[],
  region?: string,
  { language = 'ja', regionName }: { readonly language?: Language; readonly regionName?: string | undefined } = {},
): Chart => {
  const known = new Map(resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  const sourceOf = sources(known);
  const items = resources
    .filter((resource) => CLINICAL.has(resource.resourceType) && !isMistake(resource))
    .map((resource): Item => {
      const date = dateOf(resource);
      return {
        resource,
        title: titleOf(resource, known, language),
        detail: detailOf(resource, language, known),
        date,
        time: timeOf(date),
        ...sourceOf(resource),
        region,
        regionName,
      };
    })
    .sort(newestFirst);
  const of = (...types: string[]) => items.filter(({ resource }) => types.includes(resource.resourceType));
  const results = of('Observation');
  const isVital = ({ resource }: Item) =>
    hasCode(resource['category'] as CodeableConcept[], 'vital-signs', 'body-measurement');
  const records = resources.filter(({ resourceType }) => resourceType === 'Patient');
  const patient = records.find(({ id }) => id === patientId) ?? records[0];
  return {
    patient,
    records,
    names: patient ? namesOf(patient) : { kanji: '', kana: '' },
    problems: of('Condition'),
    allergies: of('AllergyIntolerance'),
    medicines: of('MedicationRequest', 'MedicationStatement', 'MedicationDispense', 'MedicationAdministration'),
    labs: seriesOf(results.filter((item) => !isVital(item))),
    findings: results.filter((item) => !isVital(item) && !amountOf(item.resource)),
    vitals: seriesOf(results.filter(isVital), vitalsFirst),
    documents: of('DocumentReference', 'Composition', 'DiagnosticReport'),
    visits: of('Encounter'),
    care: of('CarePlan', 'Communication', 'QuestionnaireResponse', 'Goal'),
    team: of('CareTeam'),
    carers: carersOf(items),
    immunizations: of('Immunization'),
    timeline: items.filter(({ time }) => time !== undefined),
  };
};

const newestFirst = (a: Item, b: Item): number => (b.time ?? 0) - (a.time ?? 0);

const CLINICAL = new Set([
  'AllergyIntolerance',
  'CarePlan',
  'CareTeam',
  'ClinicalImpression',
  'Communication',
  'Composition',
  'Condition',
  'Device',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'Goal',
  'ImagingStudy',
  'Immunization',
  'MedicationAdministration',
  'MedicationDispense',
  'MedicationRequest',
  'MedicationStatement',
  'Observation',
  'Procedure',
  'QuestionnaireResponse',
  'ServiceRequest',
]);

/** Written by mistake, whichever element the type says it with: it stays in the history, and out of the chart. */
const isMistake = (resource: Resource): boolean =>
  resource['status'] === 'entered-in-error' || hasCode(concept(resource, 'verificationStatus'), 'entered-in-error');

/** What the forms of the console leave at what they write: the facility of the writer, whoever's record of the person it is in. */
export const FACILITY_SOURCE = 'urn:tsumugi:facility:';
type Source = Pick<Item, 'source' | 'facility'>;

const codesOf = (organization: Resource): string[] =>
  ((organization['identifier'] as { value?: string }[]) ?? []).flatMap(({ value }) =>
    value && /^\d{10}$/.test(value) ? [value] : [],
  );

/** The facility that a resource is of, by name and number where they are known. */
const sources = (known: ReadonlyMap<string, Resource>) => {
  const byCode = new Map<string, Resource>();
  for (const resource of known.values())
    if (resource.resourceType === 'Organization') for (const code of codesOf(resource)) byCode.set(code, resource);
  const kept = new Map<string, Source>();
  return (resource: Resource): Source => {
    const { source = '' } = resource.meta ?? {};
    const written = source.startsWith(FACILITY_SOURCE) ? source.slice(FACILITY_SOURCE.length) : undefined;
    const own = targetOf(resource['serviceProvider'] as Reference) ?? targetOf(resource['custodian'] as Reference);
    const record = known.get(subjectOf(resource) ?? '');
    const manager = targetOf(record?.['managingOrganization'] as Reference);
    // Where the record does not say whose it is, the visit does.
    const visit = known.has(manager ?? '') ? undefined : known.get(targetOf(resource['encounter'] as Reference) ?? '');
    const organization = own ?? targetOf(visit?.['serviceProvider'] as Reference) ?? manager;
    const key = written ?? organization ?? '';
    const found = kept.get(key);
    if (found) return found;
    const listed = written === undefined ? known.get(organization ?? '') : byCode.get(written);
    // A department is named with the house that it is part of.
    const house = known.get(targetOf(listed?.['partOf'] as Reference) ?? '');
    const made: Source = {
      source: [house?.['name'], listed?.['name']].filter(Boolean).join(' '),
      facility: written ?? [listed, house].flatMap((one) => (one ? codesOf(one) : []))[0],
    };
    kept.set(key, made);
    return made;
  };
};

const COMMUNITY = /^urn:oid:([0-9.]+)$/;

/** What a federated answer brought from other regions, by the OID of each: `meta.source` says whence (docs/federation.md). */
export const byCommunity = (resources: readonly Resource[], own: string): ReadonlyMap<string, Resource[]> => {
  const found = new Map<string, Resource[]>();
  for (const resource of resources) {
    const [, community] = COMMUNITY.exec(resource.meta?.source ?? '') ?? [];
    if (community === undefined || community === own) continue;
    const known = found.get(community);
    if (known) known.push(resource);
    else found.set(community, [resource]);
  }
  return found;
};

/** Charts of several regions on one page: lists by date, one row for one test. The first is the region's own. */
export const joined = (own: Chart, others: readonly Chart[]): Chart => {
  if (others.length === 0) return own;
  const all = [own, ...others];
  const items = (
    list:
      | 'problems'
      | 'allergies'
      | 'medicines'
      | 'findings'
      | 'documents'
      | 'visits'
      | 'care'
      | 'team'
      | 'immunizations'
      | 'timeline',
  ) => all.flatMap((chart) => chart[list]).sort(newestFirst);
  const series = (list: 'labs' | 'vitals'): Series[] => {
    const found = new Map<string, Series>();
    for (const one of all.flatMap((chart) => chart[list])) {
      const known = found.get(one.key);
      const points = [...(known?.points ?? []), ...one.points].sort((a, b) => a.time - b.time);
      found.set(one.key, { ...(known ?? one), points });
    }
    return [...found.values()].sort(list === 'vitals' ? vitalsFirst : mostOftenFirst);
  };
  return {
    ...own,
    problems: items('problems'),
    allergies: items('allergies'),
    medicines: items('medicines'),
    labs: series('labs'),
    findings: items('findings'),
    vitals: series('vitals'),
    documents: items('documents'),
    visits: items('visits'),
    care: items('care'),
    team: items('team'),
    carers: all.flatMap(({ carers }) => carers).sort((a, b) => (timeOf(b.last) ?? 0) - (timeOf(a.last) ?? 0)),
    immunizations: items('immunizations'),
    timeline: items('timeline'),
  };
};

const carersOf = (items: readonly Item[]): Carer[] => {
  const found = new Map<string, { first: Item; count: number; types: Set<string> }>();
  // Newest first: the first of each is its last word.
  for (const item of items) {
    if (item.source === '') continue;
    const key = `${item.source}|${item.region}`;
    const one = found.get(key) ?? { first: item, count: 0, types: new Set<string>() };
    one.count += 1;
    one.types.add(item.resource.resourceType);
    found.set(key, one);
  }
  return [...found.values()].map(({ first, count, types }) => ({
    name: first.source,
    facility: first.facility,
    region: first.region,
    regionName: first.regionName,
    count,
    last: first.date,
    types: [...types].sort(),
  }));
};

const mostOftenFirst = (a: Series, b: Series): number =>
  b.points.length - a.points.length || a.name.localeCompare(b.name, 'ja');

/** LOINC, as a chart of vital signs has them from the top: blood pressure, pulse, temperature, breathing, oxygen, then the body. */
const VITALS = [SYSTOLIC, DIASTOLIC, '8867-4', '8310-5', '9279-1', '2708-6', '59408-5', '29463-7', '8302-2', '39156-5'];
const rankOf = ({ key }: Series): number => {
  const at = VITALS.indexOf(key.split('|')[0] ?? '');
  return at < 0 ? VITALS.length : at;
};
const vitalsFirst = (a: Series, b: Series): number => rankOf(a) - rankOf(b) || mostOftenFirst(a, b);

/** The most often measured first: that is what somebody is being watched for. */
const seriesOf = (items: readonly Item[], order = mostOftenFirst): Series[] => {
  const found = new Map<string, { name: string; unit: string; points: Point[] }>();
  const add = (resource: Resource, item: Item) => {
    const amount = amountOf(resource);
    if (!amount || item.time === undefined || item.date === undefined) return;
    const code = concept(resource, 'code');
    const key = `${codeOf(code) ?? conceptText(code)}|${amount.unit}`;
    const series = found.get(key) ?? { name: conceptText(code), unit: amount.unit, points: [] };
    series.points.push({ ...amount, date: item.date, time: item.time, flag: flagOf(resource), source: item.source });
    found.set(key, series);
  };
  for (const item of items) {
    add(item.resource, item);
    for (const component of (item.resource['component'] as Resource[]) ?? []) add(component, item);
  }
  return [...found]
    .map(([key, { name, unit, points }]) => ({ key, name, unit, points: points.sort((a, b) => a.time - b.time) }))
    .sort(order);
};

// In remission is not over: who treats the person must not miss it.
const PAST = ['resolved', 'inactive'];

/** Problems that are there now, and those that were. A remission has a day of abatement too, so that counts only without a status. */
export const isPast = ({ resource }: Item): boolean => {
  const status = concept(resource, 'clinicalStatus');
  if (status) return hasCode(status, ...PAST);
  const ended = timeOf(resource['abatementDateTime'] as string | undefined);
  return ended !== undefined && ended <= Date.now();
};

/** Medicines that are not ended: what the person takes now, as far as the records say. */
export const current = (items: readonly Item[], now = Date.now()): Item[] =>
  items.filter(({ resource, time }) => {
    const status = String(resource['status'] ?? '');
    if (resource.resourceType === 'MedicationStatement') return ['active', 'intended', 'on-hold'].includes(status);
    if (resource.resourceType === 'MedicationRequest') return ['active', 'on-hold'].includes(status);
    // What was handed over is taken for as long as it was for, or a quarter where nobody said.
    const days = (resource['daysSupply'] as { value?: number } | undefined)?.value ?? 90;
    return time !== undefined && time + days * 86_400_000 > now;
  });
