// The region as a patient index: each question becomes the FHIR interaction that it is, asked by the very caller, so that it is
// decided, disclosed and audited as over REST. Nothing is read or written past it.
import { FhirError } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Answer, Context, FhirRequest, Interaction } from '../interactions/contract.ts';
import type { Seal } from '../storage/port.ts';
import type { Authority, Identifier, PatientData } from './patient.ts';
import { type FhirPatient, fromFhir, systemOf, toFhir } from './patient-fhir.ts';
import type { DemographicQuery, FaultyPart, FeedEvent, MatchPage, PatientIndex, Relation } from './ports.ts';
import { IndexError } from './ports.ts';

export interface RegionParts {
  /** The addresses of the FHIR API (interactions/routes.ts). */
  readonly fhir: Interaction;
  /** Patient/$ihe-pix (identity/fhir-faces.ts). */
  readonly pix: Interaction;
  /** Whether anybody here gives out identifiers of this system. */
  readonly knowsDomain: (system: string) => Promise<boolean>;
  /** Whether an identifier as a record has it is the one that is asked for (search/extract.ts). */
  readonly isNumber: (
    written: WrittenNumber,
    asked: { readonly system: string; readonly value: string },
    facility: string | undefined,
  ) => boolean;
  readonly seal: Seal;
}

/** Patient numbers of a facility: https://jpfhir.jp/fhir/core/, JP_Patient.identifier. */
export const facilityNumbers = (code: string): string => `1.2.392.100495.20.3.51.1${code}`;

/** The index as this caller may use it. */
export const regionIndex = (parts: RegionParts, context: Context): PatientIndex => {
  const authority: PatientIndex['authority'] = async ({ oid, name }) => {
    // In HL7 v2 an authority may go by a name alone; the ten digits of a facility are one.
    const found = oid ?? (name && /^\d{10}$/.test(name) ? facilityNumbers(name) : undefined);
    return found && (await parts.knowsDomain(`urn:oid:${found}`)) ? { oid: found, name: nameOf(found) } : undefined;
  };
  return {
    authority,
    feed: (event) => refused(() => feed(parts, context, event)),
    relate: (relation, sides) => refused(() => relate(parts, context, relation, sides)),
    crossReference: (identifier, domains) => refused(() => crossReference(parts, context, identifier, domains)),
    query: (query, page) => refused(() => search(parts, context, query, page.count, page.cursor)),
  };
};

const nameOf = (oid: string): string | undefined => /^1\.2\.392\.100495\.20\.3\.51\.1(\d{10})$/.exec(oid)?.[1];
const named = (oid: string): Authority => ({ oid, name: nameOf(oid) });

/** What FHIR refuses, in the words of the index; an outage stays one. */
const refused = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (fault) {
    if (!(fault instanceof FhirError) || fault.status >= 500) throw fault;
    const kind = fault.status === 403 ? 'forbidden' : fault.status === 404 ? 'unknown-identifier' : 'invalid';
    const [issue] = fault.issues;
    throw new IndexError(kind, issue?.diagnostics ?? 'refused', 0, partOf(issue?.expression?.[0]));
  }
};

const PARTS: readonly FaultyPart[] = ['name', 'birthDate', 'gender', 'address', 'telecom'];
const partOf = (expression: string | undefined): FaultyPart =>
  PARTS.find((part) => new RegExp(`^Patient\\.${part}\\b`).test(expression ?? '')) ?? 'identifier';

const request = (change: Partial<FhirRequest> & Pick<FhirRequest, 'method' | 'path'>): FhirRequest => ({
  params: [],
  headers: {},
  body: undefined,
  ...change,
});

const quote = (value: string): string => value.replace(/[\\,$|]/g, (mark) => `\\${mark}`);
const token = (identifier: Identifier): string => `${systemOf(identifier)}|${quote(identifier.value)}`;

// ── Feed ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
const feed = async (parts: RegionParts, context: Context, event: FeedEvent): Promise<void> => {
  const own = ownNumber(context, event.patient.identifiers);
  const obsolete = event.kind === 'merge' ? event.obsolete : [];
  // Before anything is written: a merge that cannot be is no half of one.
  const given = await Promise.all(obsolete.map((one, at) => findObsolete(parts, context, one, own, at)));
  const survivor = await save(parts, context, event.patient, own);
  for (const [at, mine] of obsolete.entries()) {
    const asked = { system: systemOf(mine), value: mine.value };
    const isMine = (one: WrittenNumber) => parts.isNumber(one, asked, context.actor.facility);
    const identifier = given[at]!.map((one) => (isMine(one) ? { ...one, use: 'old' } : one));
    const link = [{ other: { reference: `Patient/${survivor}` }, type: 'replaced-by' }];
    await patch(parts, context, mine, [
      { op: 'add', path: '/active', value: false },
      { op: 'add', path: '/link', value: link },
      { op: 'add', path: '/identifier', value: identifier },
    ]);
  }
};

const findObsolete = async (
  parts: RegionParts,
  context: Context,
  obsolete: Identifier,
  survivor: Identifier,
  at: number,
): Promise<readonly WrittenNumber[]> => {
  try {
    const mine = ownNumber(context, [obsolete]);
    const asked = { system: systemOf(survivor), value: survivor.value };
    if (parts.isNumber({ system: systemOf(mine), value: mine.value }, asked, context.actor.facility))
      throw new IndexError('invalid', 'a number cannot be merged into itself', at, 'obsolete');
    return (await find(parts, context, mine, at)).identifiers;
  } catch (fault) {
    throw fault instanceof IndexError ? new IndexError(fault.refusal, fault.message, at, 'obsolete') : fault;
  }
};

/** `seealso` on both records (https://hl7.org/fhir/R4/patient.html#merge); identity follows it (identity/facility-word.ts). */
const relate = async (
  parts: RegionParts,
  context: Context,
  relation: Relation,
  sides: readonly [readonly Identifier[], readonly Identifier[]],
): Promise<void> => {
  const own = sides.map((numbers) => ownNumber(context, numbers));
  const found = [await find(parts, context, own[0]!, 0), await find(parts, context, own[1]!, 1)] as const;
  const [one, other] = found;
  if (one.id === other.id) throw new IndexError('invalid', 'the two numbers are of one record', 1);
  const isTo = (id: string) => (link: PatientLink) =>
    link.type === 'seealso' && link.other?.reference === `Patient/${id}`;
  const isLinked = found.some(({ links }, at) => links.some(isTo(found[1 - at]!.id)));
  if (relation === 'unlink' && !isLinked)
    throw new IndexError('unknown-identifier', 'the two were not linked by this facility', 1);
  for (const [at, { links }] of found.entries()) {
    const to = found[1 - at]!.id;
    // As it was asked for already: a message may come again.
    if (links.some(isTo(to)) === (relation === 'link')) continue;
    const rest = links.filter((link) => !isTo(to)(link));
    const next = relation === 'link' ? [...rest, { other: { reference: `Patient/${to}` }, type: 'seealso' }] : rest;
    const operation = next.length > 0 ? { op: 'add', path: '/link', value: next } : { op: 'remove', path: '/link' };
    await patch(parts, context, own[at]!, [operation]);
  }
};

interface WrittenNumber {
  readonly system?: string;
  readonly value?: string;
}
interface PatientLink {
  readonly other?: { readonly reference?: string };
  readonly type?: string;
}

/** The facility's own record under a number of its own. */
const find = async ({ fhir }: RegionParts, context: Context, own: Identifier, at: number) => {
  const params: [string, string][] = [['identifier', token(own)]];
  const answer = await fhir(context, request({ method: 'GET', path: ['Patient'], params }));
  const { entry = [] } = (answer.resource ?? JSON.parse(answer.text ?? '{}')) as {
    entry?: readonly { readonly resource?: Resource; readonly search?: { readonly mode?: string } }[];
  };
  const [patient] = entry.flatMap(({ resource }) => (resource?.resourceType === 'Patient' ? [resource] : []));
  if (!patient?.id) throw new IndexError('unknown-identifier', 'the patient number is not known', at);
  const { id, link, identifier } = patient;
  return {
    id,
    links: (Array.isArray(link) ? link : []) as PatientLink[],
    identifiers: (Array.isArray(identifier) ? identifier : []) as WrittenNumber[],
  };
};

/** A facility feeds patients under its own numbers; what others gave out may stand beside them. */
const ownNumber = ({ actor }: Context, identifiers: readonly Identifier[]): Identifier => {
  const own = actor.facility && identifiers.find(({ authority }) => authority.oid === facilityNumbers(actor.facility!));
  if (!own) throw new IndexError('not-its-authority', 'the sender does not give these numbers out');
  return own;
};

/** Changes the elements that the message carries, or makes the record; gives its id. */
const save = async (parts: RegionParts, context: Context, patient: PatientData, own: Identifier): Promise<string> => {
  const { resourceType: _, ...elements } = toFhir(patient);
  const operations = Object.entries(elements).map(([name, value]) => ({ op: 'add', path: `/${name}`, value }));
  try {
    return idOf(await patch(parts, context, own, operations));
  } catch (fault) {
    if (!(fault instanceof FhirError) || fault.status !== 404) throw fault;
  }
  const headers = { 'if-none-exist': new URLSearchParams({ identifier: token(own) }).toString() };
  return idOf(
    await parts.fhir(context, request({ method: 'POST', path: ['Patient'], headers, resource: toFhir(patient) })),
  );
};

const patch = (
  parts: RegionParts,
  context: Context,
  own: Identifier,
  operations: readonly unknown[],
): Promise<Answer> =>
  parts.fhir(
    context,
    request({
      method: 'PATCH',
      path: ['Patient'],
      params: [['identifier', token(own)]],
      headers: { 'content-type': 'application/json-patch+json' },
      body: Buffer.from(JSON.stringify(operations)),
    }),
  );

const idOf = ({ stored, resource, headers }: Answer): string =>
  stored?.id ?? resource?.id ?? /Patient\/([^/]+)/.exec(headers?.location ?? '')?.[1] ?? '';

// ── Cross-reference ────────────────────────────────────────────────────────────────────────────────────────────────────
const crossReference = async (
  parts: RegionParts,
  context: Context,
  asked: Identifier,
  domains: readonly Authority[],
) => {
  const params: [string, string][] = [
    ['sourceIdentifier', `${systemOf(asked)}|${asked.value}`],
    ...domains.map(({ oid }): [string, string] => ['targetSystem', `urn:oid:${oid}`]),
  ];
  const answer = await parts.pix(context, request({ method: 'GET', path: ['Patient', '$ihe-pix'], params }));
  const parameters = (answer.resource?.parameter ?? []) as readonly {
    readonly name: string;
    readonly valueIdentifier?: { readonly system?: string; readonly value?: string };
  }[];
  const others = parameters.flatMap(({ name, valueIdentifier: found }): Identifier[] =>
    name === 'targetIdentifier' && found?.system?.startsWith('urn:oid:') && found.value
      ? [{ authority: named(found.system.slice(8)), value: found.value }]
      : [],
  );
  const wantsOwn = domains.length === 0 || domains.some(({ oid }) => oid === asked.authority.oid);
  return { identifiers: [...others, ...(wantsOwn ? [asked] : [])] };
};

// ── Query ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const search = async (
  { fhir, seal }: RegionParts,
  context: Context,
  query: DemographicQuery,
  count: number,
  cursor: string | undefined,
): Promise<MatchPage> => {
  const bind = `ihe ${context.actor.subject}`;
  const kept = cursor === undefined ? undefined : seal.open(cursor, bind);
  if (cursor !== undefined && typeof kept !== 'string')
    throw new IndexError('invalid', 'the continuation pointer is not ours');
  const params = typeof kept === 'string' ? [...new URLSearchParams(kept)] : paramsOf(query, count);
  const answer = await fhir(context, request({ method: 'GET', path: ['Patient'], params }));
  const bundle = (answer.resource ?? JSON.parse(answer.text ?? '{}')) as {
    readonly total?: number;
    readonly entry?: readonly { readonly resource?: Resource; readonly search?: { readonly mode?: string } }[];
    readonly link?: readonly { readonly relation: string; readonly url: string }[];
  };
  const next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
  return {
    matches: (bundle.entry ?? []).flatMap(({ resource, search: found }) =>
      resource?.resourceType === 'Patient' && found?.mode !== 'include' ? [{ patient: shown(resource, query) }] : [],
    ),
    // A page that is not the last says no total of itself, and an asker must know whether to go on.
    total: bundle.total ?? (cursor === undefined ? await countOf(fhir, context, params) : undefined),
    next: next === undefined ? undefined : seal.seal(next.slice(next.indexOf('?') + 1), bind),
  };
};

const countOf = async (fhir: Interaction, context: Context, params: readonly (readonly [string, string])[]) => {
  const counted: (readonly [string, string])[] = [
    ...params.filter(([name]) => name !== '_count'),
    ['_summary', 'count'],
  ];
  const { resource, text } = await fhir(context, request({ method: 'GET', path: ['Patient'], params: counted }));
  return ((resource ?? JSON.parse(text ?? '{}')) as { total?: number }).total;
};

const shown = (resource: Resource, { domains }: DemographicQuery): PatientData => {
  const patient = fromFhir(resource as FhirPatient);
  const identifiers = patient.identifiers.filter(
    ({ authority }) => domains.length === 0 || domains.some(({ oid }) => oid === authority.oid),
  );
  return { ...patient, identifiers: identifiers.map((one) => ({ ...one, authority: named(one.authority.oid) })) };
};

/** Names match from their beginning and kana as one, as FHIR's do; what the region does not search is refused, not passed over. */
const paramsOf = (query: DemographicQuery, count: number): [string, string][] => {
  if (query.mothersMaidenName) throw new IndexError('invalid', 'the mother’s maiden name is not searched here');
  if (query.visit && Object.values(query.visit).some((one) => one !== undefined))
    throw new IndexError('invalid', 'visits are not searched here');
  const any = (name: string, values: readonly (string | undefined)[]): [string, string][] => {
    const known = values.flatMap((one) => (one ? [quote(one.replace(/\*$/, ''))] : []));
    return known.length > 0 ? [[name, known.join(',')]] : [];
  };
  const params = [
    ...query.identifiers.map((one): [string, string] => ['identifier', token(one)]),
    ...any(
      'family',
      query.names.map(({ family }) => family),
    ),
    ...any(
      'given',
      query.names.map((name) => name.given[0]),
    ),
    ...any('gender', [query.gender]),
    ...any('birthdate', [query.birthDate]),
    ...any(
      'address-postalcode',
      query.addresses.map(({ postalCode }) => postalCode),
    ),
    ...any(
      'address-city',
      query.addresses.map(({ city }) => city),
    ),
    ...any(
      'address-state',
      query.addresses.map(({ state }) => state),
    ),
    ...any(
      'address',
      query.addresses.map(({ lines }) => lines[0]),
    ),
    ...any('phone', query.phones),
  ];
  if (params.length === 0) throw new IndexError('invalid', 'a query without a criterion');
  // Who was merged into another is answered as that one.
  return [...params, ['active:not', 'false'], ['_count', String(count)]];
};
