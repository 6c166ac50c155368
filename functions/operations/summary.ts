import { randomUUID } from 'node:crypto';
import { escapeXml } from '../fhir/escape-xml.ts';
import { gone, notFound, refuse } from '../fhir/outcome.ts';
import { fullUrl, publicText } from '../interactions/bundle-text.ts';
import type { Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { fhirBase } from '../interactions/headers.ts';
import { parseId } from '../interactions/ids.ts';
import { assertReadable, disclose, permitter, searchPermit } from '../interactions/permit.ts';
import { isLinkedByDefault, linkedPatients } from '../search/linked.ts';
import { clinicalSpan } from '../search/placement.ts';
import { search } from '../search/search.ts';
import type { Stored } from '../storage/port.ts';
import { Inputs } from './inputs.ts';
import { linkedWith } from './linked.ts';
import { withAbsentReasons } from './summary-absent.ts';
import { lineOf, type Part, SECTIONS, type Section } from './summary-sections.ts';

type Needs = Pick<Services, 'resources' | 'seal' | 'region' | 'clock'>;

const PROFILE = 'http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips';
const LOINC = 'http://loinc.org';

/** Pages of one type that are looked through for what belongs to a section. */
const MOST_PAGES = 4;
const MAX_SECTION_BYTES = 2_500_000;
const MAX_LINKED_BYTES = 512 * 1024;
/** What the entries may lead to: who and what, not more of the chart. */
const LINKED = ['Device', 'Location', 'Medication', 'Observation', 'Organization', 'Practitioner', 'PractitionerRole'];

/** What was found for one section. */
interface Filled {
  readonly section: Section;
  readonly found: readonly Stored[];
  /** There is, or may be, more. */
  readonly isCut: boolean;
}

/**
 * International Patient Summary: a document of what matters most, put together when it is asked for. It is held to our table of IPS
 * 2.0.0's rules (test/functions/operations/summary-ips.ts) and claims no profile, since no official validator has seen it.
 * https://hl7.org/fhir/uv/ips/OperationDefinition/summary
 */
export const summary =
  (services: Needs): Interaction =>
  async (context, request) => {
    const patient = await patientOf(services, context, request);
    const permit = permitter(services.resources, context);
    const admits = (stored: Stored) => permit('read', stored).permit;
    const patients = [patient.id, ...(await othersOf(services, context, patient.id, admits))];
    const keys = new Set(patients.map(services.resources.patientKey));
    const filled = bounded(
      await Promise.all(
        SECTIONS.map(async (section): Promise<Filled> => {
          const parts = await Promise.all(section.parts.map((part) => readAll(services, patients, part, admits)));
          return { section, found: parts.flatMap(({ found }) => found), isCut: parts.some(({ isCut }) => isCut) };
        }),
      ),
    );
    const entries = distinct(filled.flatMap(({ found }) => found));
    const shown = new Set([patient, ...entries].map(nameOf));
    const linked = await linkedWith(
      services,
      [patient, ...entries].map((stored) => stored.text()),
      {
        admits: (stored) => (stored.patientKey === undefined || keys.has(stored.patientKey)) && admits(stored),
        isWanted: (type) => LINKED.includes(type),
        seen: shown,
        bytes: MAX_LINKED_BYTES,
      },
    );
    disclose(context, 'R', patient, ...entries, ...linked.found);
    return { status: 200, text: documentText(services, context, patient, filled, [...entries, ...linked.found]) };
  };

const nameOf = ({ type, id }: Stored) => `${type}/${id}`;
const distinct = (all: readonly Stored[]): Stored[] => [...new Map(all.map((one) => [nameOf(one), one])).values()];

/** `Patient/p1/$summary`, or `Patient/$summary?identifier=system|value`. */
const patientOf = async (services: Needs, context: Context, request: FhirRequest): Promise<Stored> => {
  const inputs = Inputs.of(request, ['identifier', 'profile']);
  const profile = inputs.text('profile');
  if (profile !== undefined && profile.split('|')[0] !== PROFILE)
    throw refuse('notSupported', `profile: only ${PROFILE} is made here`);
  const { resources } = services;
  if (request.path.length === 2) return identified(services, context, inputs.text('identifier'));
  const id = parseId('Patient', request.path[1]!);
  const patient = await resources.get('Patient', id);
  if (!patient) throw notFound(`Patient/${id}`);
  assertReadable(resources, context, patient);
  if (patient.deleted) throw gone(`Patient/${id}`);
  return patient;
};

const identified = async (services: Needs, context: Context, identifier: string | undefined): Promise<Stored> => {
  if (!identifier) throw refuse('invalid', 'identifier is needed where no patient is named');
  const { matches } = await search(services)(context, {
    type: 'Patient',
    params: [
      ['identifier', identifier],
      ['_count', '2'],
    ],
    handling: 'strict',
    permit: searchPermit(services.resources, context),
  });
  const [patient, another] = matches;
  if (!patient) throw notFound('a patient with this identifier');
  if (another) throw refuse('ambiguous', 'identifier: more than one patient has it');
  return patient;
};

/** Further Patients of the same person, for whom that is the plain reading. */
const othersOf = async (
  { resources }: Needs,
  { actor }: Context,
  id: string,
  permit: (stored: Stored) => boolean,
): Promise<readonly string[]> =>
  isLinkedByDefault(actor) ? ((await linkedPatients({ resources, permit }, [id]))[id] ?? []) : [];

/** The newest that belong to a part, of all records of the person. */
const readAll = async (
  services: Needs,
  patients: readonly string[],
  part: Part,
  admits: (stored: Stored) => boolean,
): Promise<{ found: Stored[]; isCut: boolean }> => {
  const each = await Promise.all(patients.map((patient) => read(services, patient, part, admits)));
  if (each.length === 1) return each[0]!;
  const timeOf = (stored: Stored) => clinicalSpan(stored.resource())?.low ?? stored.lastUpdated;
  const found = each.flatMap((one) => one.found).sort((a, b) => timeOf(b) - timeOf(a));
  return { found: found.slice(0, part.most), isCut: found.length > part.most || each.some(({ isCut }) => isCut) };
};

/** The newest that belong to a part. */
const read = async (
  { resources }: Needs,
  patient: string,
  { type, keeps, most, categories }: Part,
  admits: (stored: Stored) => boolean,
): Promise<{ found: Stored[]; isCut: boolean }> => {
  const prune = categories && [categories.map((code) => `category=${code}`)];
  const found: Stored[] = [];
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, next } = await resources.scan({ patient, type, prune, after });
    for (const stored of items) {
      if (!admits(stored) || !keeps(stored.resource())) continue;
      if (found.length >= most) return { found, isCut: true };
      found.push(stored);
    }
    if (next === undefined) return { found, isCut: false };
    after = next;
  }
  return { found, isCut: true };
};

/** All sections together leave in one answer: the later ones are shortened first. */
const bounded = (sections: readonly Filled[]): Filled[] => {
  let bytes = 0;
  return sections.map(({ section, found, isCut }) => {
    const fitting = found.filter((stored) => {
      bytes += Buffer.byteLength(stored.text());
      return bytes <= MAX_SECTION_BYTES;
    });
    return { section, found: fitting, isCut: isCut || fitting.length < found.length };
  });
};

const documentText = (
  { region }: Needs,
  { now }: Context,
  patient: Stored,
  filled: readonly Filled[],
  others: readonly Stored[],
): string => {
  const base = fhirBase(region);
  const subject = { reference: fullUrl(base, patient) };
  const author = made({ resourceType: 'Device', deviceName: DEVICE_NAME });
  const custodian = made({
    resourceType: 'Organization',
    identifier: [{ system: 'urn:ietf:rfc:3986', value: `urn:oid:${region.homeCommunityId}` }],
    name: region.name,
  });
  const identifier = { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${randomUUID()}` };
  const timestamp = new Date(now).toISOString();
  const composition = {
    resourceType: 'Composition',
    identifier,
    status: 'final',
    type: { coding: [{ system: LOINC, code: '60591-5', display: 'Patient summary Document' }] },
    subject,
    date: timestamp,
    author: [{ reference: author.url }],
    title: 'International Patient Summary',
    confidentiality: 'N',
    custodian: { reference: custodian.url },
    section: filled.map((one) => sectionOf(base, one)),
  };
  const entries = [
    entry(`urn:uuid:${randomUUID()}`, JSON.stringify(composition)),
    recordEntry(base, patient),
    ...[author, custodian].map(({ url, resource }) => entry(url, JSON.stringify(resource))),
    ...others.map((stored) => recordEntry(base, stored)),
  ];
  return `{"resourceType":"Bundle","identifier":${JSON.stringify(identifier)},"type":"document","timestamp":"${timestamp}","entry":[${entries.join(',')}]}`;
};

const DEVICE_NAME = [{ name: 'Tsumugi', type: 'user-friendly-name' }];

/** A resource that is in no store. */
const made = (resource: object) => ({ url: `urn:uuid:${randomUUID()}`, resource });

const entry = (url: string, resource: string) => `{"fullUrl":${JSON.stringify(url)},"resource":${resource}}`;

const recordEntry = (base: string, stored: Stored) =>
  entry(fullUrl(base, stored), withAbsentReasons(publicText(stored), stored.resource()));

const NOTHING = 'No information available.';
const CUT = 'The newest only; there may be more in the record.';

/** Of an empty section it is said that there is no information, not that there is nothing: what is withheld looks the same. */
const sectionOf = (base: string, { section, found, isCut }: Filled): object => {
  const { code, display, title } = section;
  const head = { title, code: { coding: [{ system: LOINC, code, display }] } };
  if (found.length > 0) {
    const lines = found.map((stored) => lineOf(stored.resource()));
    return {
      ...head,
      text: narrative([...lines, ...(isCut ? [CUT] : [])]),
      entry: found.map((stored) => ({ reference: fullUrl(base, stored) })),
    };
  }
  return { ...head, text: narrative([NOTHING]), emptyReason: UNAVAILABLE };
};

const UNAVAILABLE = {
  coding: [
    { system: 'http://terminology.hl7.org/CodeSystem/list-empty-reason', code: 'unavailable', display: 'Unavailable' },
  ],
};

const narrative = (lines: readonly string[]) => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml"><ul>${lines.map((line) => `<li>${escapeXml(line)}</li>`).join('')}</ul></div>`,
});
