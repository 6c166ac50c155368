// GET /ihe/updates, the PIX Update Notification as a facility behind its firewall can have it: fetched by its own agent.
// ITI-10 (https://profiles.ihe.net/ITI/TF/Volume2/ITI-10.html) or ITI-46 (https://profiles.ihe.net/ITI/TF/Volume2/ITI-46.html), each
// with what a PIX query of that facility would be answered now, by the same path: consent, rights and the trail are the query's.
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Context, Services } from '../interactions/contract.ts';
import type { Seal, Stored } from '../storage/port.ts';
import { writeUpdateNotification } from './hl7v2/feed.ts';
import { writeFeed } from './hl7v3/feed.ts';
import type { Authority, Identifier, PatientData } from './patient.ts';
import { IndexError, type PatientIndex } from './ports.ts';
import { facilityNumbers } from './region-index.ts';
import { writeEnvelope } from './soap/envelope.ts';

/** Where the walk stands (identity/link-changes.ts). */
interface Place {
  readonly since: number;
  readonly top?: number | undefined;
  readonly after?: string | undefined;
}

/** Patients of the caller's facility whose cross references have changed, as identity knows it. */
export interface UpdatesParts {
  readonly linkChanges: (
    context: Context,
    place: Place,
    most: number,
  ) => Promise<{
    readonly changes: readonly { readonly patient: Stored; readonly hasLost: () => Promise<boolean> }[];
    readonly next: Place;
    readonly more: boolean;
  }>;
  readonly index: (context: Context) => Pick<PatientIndex, 'authority' | 'crossReference'>;
  readonly seal: Seal;
  readonly clock: () => number;
  readonly region: Pick<Services['region'], 'name' | 'homeCommunityId'>;
  readonly newId: () => string;
}

export interface Updates {
  /** Whole messages: HL7 v2 in UTF-8, or SOAP envelopes. */
  readonly notifications: readonly string[];
  /** `since` of the next call. */
  readonly next: string;
  /** There is more already: call again at once. */
  readonly more: boolean;
}

export const MOST_NOTIFICATIONS = 100;
const AT_ONCE = 8;
const FORMATS = ['hl7v2', 'hl7v3'] as const;
type Format = (typeof FORMATS)[number];

export const updates =
  (parts: UpdatesParts) =>
  async (context: Context, params: URLSearchParams): Promise<Updates> => {
    const { facility } = context.actor;
    if (!facility) throw notFound('Patients of this caller');
    const asked = await parsed(parts, context, facility, params);
    const { changes, next, more } = await parts.linkChanges(context, asked.place, MOST_NOTIFICATIONS);
    const notifications: (string | undefined)[] = [];
    for (let at = 0; at < changes.length; at += AT_ONCE)
      notifications.push(
        ...(await Promise.all(
          changes.slice(at, at + AT_ONCE).map((change) => notification(parts, context, facility, asked, change)),
        )),
      );
    return {
      notifications: notifications.filter((one) => one !== undefined),
      next: parts.seal.seal(next, bindOf(facility)),
      more,
    };
  };

/** A cursor says where its facility stood, and is good for no other. */
const bindOf = (facility: string): string => `ihe-updates ${facility}`;

interface Asked {
  readonly place: Place;
  readonly format: Format;
  readonly domains: readonly Authority[];
  readonly receiver: string | undefined;
}

const KNOWN = ['since', 'format', 'domains', 'receiver'];

const parsed = async (
  { seal, clock, index }: UpdatesParts,
  context: Context,
  facility: string,
  params: URLSearchParams,
): Promise<Asked> => {
  for (const name of params.keys())
    if (!KNOWN.includes(name) || params.getAll(name).length > 1)
      throw refuse('invalid', `since, format, domains and receiver are known here, each once`);
  const format = FORMATS.find((one) => one === (params.get('format') || 'hl7v2'));
  if (!format) throw refuse('invalid', 'format: hl7v2 or hl7v3', 'format');
  const receiver = params.get('receiver') || undefined;
  if (receiver && !(format === 'hl7v2' ? /^[\w .-]{1,100}\^[\w .-]{0,100}$/ : /^[0-2](\.\d+)+$/).test(receiver))
    throw refuse('invalid', 'receiver: APPLICATION^FACILITY for hl7v2, an OID for hl7v3', 'receiver');
  const oids = (params.get('domains') ?? '').split(',').filter(Boolean);
  const domains = await Promise.all(oids.map((oid) => index(context).authority({ oid: oid.replace(/^urn:oid:/, '') })));
  if (domains.includes(undefined)) throw refuse('invalid', 'domains: an assigning authority is not known', 'domains');
  return {
    place: placeOf(seal, clock(), facility, params.get('since') || undefined),
    format,
    domains: domains.filter((one) => one !== undefined),
    receiver,
  };
};

const placeOf = (seal: Seal, now: number, facility: string, since: string | undefined): Place => {
  // Who says nothing begins to listen now.
  if (since === undefined) return { since: now };
  if (/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(since)) {
    const time = Date.parse(since);
    if (time >= 0 && time <= now) return { since: time };
  }
  const place = seal.open(since, bindOf(facility));
  if (typeof place !== 'object' || place === null)
    throw refuse('invalid', 'since: neither a cursor that this facility was given nor a time that has passed', 'since');
  return place as Place;
};

const notification = async (
  parts: UpdatesParts,
  context: Context,
  facility: string,
  { format, domains, receiver }: Asked,
  { patient, hasLost }: { readonly patient: Stored; readonly hasLost: () => Promise<boolean> },
): Promise<string | undefined> => {
  const oid = facilityNumbers(facility);
  const numbers = numbersOf(patient);
  const own = numbers.find(({ system }) => system === `urn:oid:${oid}`)?.value;
  // Without a number of the facility its own system could not say whom it is about.
  if (!own) return undefined;
  const asked: Identifier = { authority: { oid, name: facility }, value: own };
  const isOwn = (one: Identifier) => one.authority.oid === oid && one.value === own;
  const found = await crossReferences(parts.index(context), asked, domains);
  if (!found) return undefined;
  const others = found.filter((one) => !isOwn(one));
  const isOfOthers = ({ authority, value }: Identifier) =>
    !numbers.some((one) => one.system === `urn:oid:${authority.oid}` && one.value === value);
  // A person whose records the facility may not see has changed in nothing that it could know.
  if (!others.some(isOfOthers) && !(await hasLost())) return undefined;
  return written(parts, context, format, receiver, facility, [asked, ...others]);
};

const numbersOf = (patient: Stored): { system?: string; value?: string }[] => {
  const { identifier } = patient.resource();
  return Array.isArray(identifier) ? identifier : [];
};

/** As ITI-9 and ITI-45 answer; nothing where they would refuse. */
const crossReferences = async (
  index: Pick<PatientIndex, 'crossReference'>,
  asked: Identifier,
  domains: readonly Authority[],
): Promise<readonly Identifier[] | undefined> => {
  try {
    const { identifiers } = await index.crossReference(asked, domains, { application: '', facility: '' });
    return identifiers;
  } catch (fault) {
    if (fault instanceof IndexError) return undefined;
    throw fault;
  }
};

const written = (
  { region, newId }: UpdatesParts,
  { now }: Context,
  format: Format,
  receiver: string | undefined,
  facility: string,
  identifiers: readonly Identifier[],
): string => {
  const patient: PatientData = { identifiers, names: [], addresses: [], phones: [] };
  if (format === 'hl7v2') {
    const [to = '', place = ''] = (receiver ?? `PIX^${facility}`).split('^');
    const self = { application: 'TSUMUGI', facility: region.name, now, newId };
    return writeUpdateNotification(patient, { application: to, facility: place }, self);
  }
  const { homeCommunityId } = region;
  const self = { device: homeCommunityId, organization: homeCommunityId, now, newId };
  const to = { device: receiver ?? facilityNumbers(facility) };
  return writeEnvelope({
    action: 'urn:hl7-org:v3:PRPA_IN201302UV02',
    messageId: `urn:uuid:${newId()}`,
    body: writeFeed(self, to, { kind: 'revise', patient }, homeCommunityId),
  });
};
