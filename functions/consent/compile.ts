// From FHIR Consents to a policy. Whatever of a Consent could not be enforced is a fault at its element: such a Consent is refused
// when it is written, never ignored. The profile: docs/consent.md. https://hl7.org/fhir/R4/consent.html
import { FACILITY_TYPES, STAFF_ROLES } from '../auth/rows.ts';
import { FhirError } from '../fhir/outcome.ts';
import { RESOURCE_TYPES } from '../fhir/resource-types.ts';
import type { Issue, Resource } from '../fhir/types.ts';
import { spanOf } from '../search/dates.ts';
import { DATA_CLASSES } from './data-classes.ts';
import type { ConsentDefault } from './decide.ts';
import type { Period, Policy, Rule, Who } from './policy.ts';
import { PURPOSES_OF_USE } from './purposes.ts';

export const PATTERNS = 'urn:tsumugi:consent-pattern';
/** 一括, リスト, 施設ごと, 個人, 電子オプトイン, 黙示. */
export const PATTERN_CODES: readonly string[] = [
  'blanket',
  'list',
  'per-facility',
  'per-person',
  'electronic-opt-in',
  'implicit',
];
export const DATA_CLASS = 'urn:tsumugi:data-class';
export const FACILITY_TYPE = 'urn:tsumugi:facility-type';
export const ROLE = 'urn:tsumugi:role';
/** Code of `ROLE`: who acts for a minor. They are residents too, and no other resident is ever held against a policy (decide.ts). */
const PROXY = 'proxy';
/** `sub` of a member of staff: the account, not the profession, is who looks. */
export const STAFF = 'urn:tsumugi:staff';
/** Another region by its OID, or `*`: all others. A permit that names them is the opt-in to cross-region sharing (cross-region.ts). */
export const COMMUNITY = 'urn:tsumugi:community';
/** `policyRule`: which version of the explanation the person was shown. */
export const EXPLANATION = 'urn:tsumugi:explanation-version';
export const PRIVACY = 'http://terminology.hl7.org/CodeSystem/consentscope|patient-privacy';
const RECIPIENT = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType|IRCP';
const ACTIONS = ['access', 'disclose', 'use'].map(
  (code) => `http://terminology.hl7.org/CodeSystem/consentaction|${code}`,
);
const PURPOSES = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const TYPES = 'http://hl7.org/fhir/resource-types';

/** An oral note and by whom, a scan of the form; a code that was read comes with a verification. */
const EVIDENCE = ['verification', 'sourceAttachment', 'sourceReference'];

/** A head stays a small row. */
const MOST_RULES = 200;
const DEEPEST = 4;

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []);
const word = (value: unknown): string => (typeof value === 'string' ? value : '');
const tokenOf = ({ system, code }: Node): string => `${word(system)}|${word(code)}`;
const codings = (concept: unknown): Node[] => (isNode(concept) ? list(concept.coding) : []);

/** Gathers every fault of one Consent. */
class Reading {
  readonly issues: Issue[] = [];
  rules = 0;

  fault(expression: string, rule: string): undefined {
    this.issues.push({
      severity: 'error',
      code: 'not-supported',
      diagnostics: `${expression}: ${rule}`,
      expression: [expression],
    });
    return undefined;
  }
}

/** Whether it is about who may see records; other scopes (research, treatment, advance directives) decide nothing here. */
const isAboutPrivacy = ({ scope }: Resource): boolean => codings(scope).some((coding) => tokenOf(coding) === PRIVACY);

/** Whether it decides anything now. */
export const isInForce = (consent: Resource): boolean => isAboutPrivacy(consent) && consent.status === 'active';

const compiled = (consent: Resource): { rule: Rule | undefined; reading: Reading } => {
  const reading = new Reading();
  if (!isInForce(consent)) return { rule: undefined, reading };
  if (consent.modifierExtension !== undefined)
    reading.fault('Consent.modifierExtension', 'what changes the meaning of a consent cannot be enforced');
  const rule = isNode(consent.provision)
    ? ruleOf(reading, consent.provision, 'Consent.provision', 1)
    : reading.fault('Consent.provision', 'a consent that is active must say what it permits or denies');
  return { rule: reading.issues.length === 0 ? rule : undefined, reading };
};

const patternOf = (reading: Reading, { category }: Resource): string => {
  const found = list(category)
    .flatMap(codings)
    .filter(({ system }) => system === PATTERNS)
    .map(({ code }) => word(code));
  if (found.length !== 1 || !PATTERN_CODES.includes(found[0]!))
    reading.fault('Consent.category', `needs one coding of ${PATTERNS}: ${PATTERN_CODES.join(', ')}`);
  return found[0] ?? '';
};

/** A permit in a region where people tick facilities has to name them. */
const assertPattern = (reading: Reading, rule: Rule, pattern: string, region: ConsentDefault | undefined): void => {
  if (region === 'list' || region === 'per-facility') {
    if (pattern === 'blanket' || pattern === 'implicit')
      reading.fault('Consent.category', `this region takes consent for named facilities (${region}), not ${pattern}`);
  }
  const least =
    pattern === 'per-person'
      ? 'staff'
      : pattern === 'per-facility' || pattern === 'electronic-opt-in' || region === 'per-facility'
        ? 'facility'
        : pattern === 'list' || region === 'list'
          ? 'any'
          : undefined;
  const check = ({ is, who = [], but = [] }: Rule, above: readonly Who[], path: string): void => {
    const all = [...above, ...who];
    if (
      is === 'permit' &&
      least &&
      !all.some((one) => least === 'any' || least in one || 'staff' in one || 'community' in one)
    )
      reading.fault(
        `${path}.actor`,
        `a permit of this pattern must name ${least === 'any' ? 'facilities' : `a ${least}`}`,
      );
    but.forEach((one, at) => {
      check(one, all, `${path}.provision[${at}]`);
    });
  };
  check(rule, [], 'Consent.provision');
};

const KNOWN = new Set([
  'id',
  'extension',
  'type',
  'period',
  'actor',
  'action',
  'securityLabel',
  'purpose',
  'class',
  'dataPeriod',
  'provision',
]);

const ruleOf = (reading: Reading, provision: Node, at: string, depth: number): Rule => {
  reading.rules += 1;
  if (reading.rules === MOST_RULES + 1) reading.fault(at, `a consent holds at most ${MOST_RULES} provisions`);
  if (depth > DEEPEST) reading.fault(at, `provisions are nested at most ${DEEPEST} deep`);
  for (const name of Object.keys(provision))
    if (!KNOWN.has(name.replace(/^_/, '')) || name.startsWith('_'))
      reading.fault(`${at}.${name}`, 'this part of a provision cannot be enforced');
  const { type } = provision;
  if (type !== undefined && type !== 'permit' && type !== 'deny') reading.fault(`${at}.type`, 'permit or deny');
  list(provision.action).forEach((action, i) => {
    if (!codings(action).some((coding) => ACTIONS.includes(tokenOf(coding))))
      reading.fault(`${at}.action[${i}]`, 'only access, use and disclosure are decided here');
  });
  const nested = list(provision.provision);
  const but = depth > DEEPEST ? [] : nested.map((one, i) => ruleOf(reading, one, `${at}.provision[${i}]`, depth + 1));
  if (type === undefined && but.length === 0)
    reading.fault(`${at}.type`, 'a provision must permit, deny, or hold others');
  if (type !== 'deny' && list(provision.actor).some(({ role }) => codings(role).some(({ code }) => code === PROXY)))
    reading.fault(`${at}.actor`, 'what a proxy may see is denied, never permitted: the right itself permits it');
  const part = <K extends keyof Rule>(name: K, value: Rule[K] | undefined) => value !== undefined && { [name]: value };
  return {
    ...part('is', type as Rule['is']),
    ...part(
      'who',
      all(provision.actor, (actor, i) => whoOf(reading, actor, `${at}.actor[${i}]`)),
    ),
    ...part(
      'classes',
      all(provision.class, (one, i) => classOf(reading, one, `${at}.class[${i}]`)),
    ),
    ...part(
      'labels',
      all(provision.securityLabel, (one, i) => labelOf(reading, one, `${at}.securityLabel[${i}]`)),
    ),
    ...part(
      'purposes',
      all(provision.purpose, (one, i) => purposeOf(reading, one, `${at}.purpose[${i}]`)),
    ),
    ...part('data', periodOf(reading, provision.dataPeriod, `${at}.dataPeriod`)),
    ...part('valid', periodOf(reading, provision.period, `${at}.period`)),
    ...(but.length > 0 && { but }),
  };
};

/** Undefined: the provision does not speak of it. */
const all = <T>(value: unknown, read: (one: Node, at: number) => T | undefined): T[] | undefined =>
  Array.isArray(value) && value.length > 0 ? list(value).flatMap((one, at) => read(one, at) ?? []) : undefined;

const FACILITY = /^[0-9]{10}$/;
const OTHERS = /^(\*|[0-2](\.(0|[1-9][0-9]*))+)$/;

/** https://hl7.org/fhir/R4/consent-definitions.html#Consent.provision.actor */
const whoOf = (reading: Reading, { role, reference }: Node, at: string): Who | undefined => {
  const roles = codings(role);
  const ours = roles.find(({ system }) => system === FACILITY_TYPE || system === ROLE || system === COMMUNITY);
  if (ours) {
    const code = word(ours.code);
    if (ours.system === COMMUNITY)
      return OTHERS.test(code)
        ? { community: code }
        : reading.fault(`${at}.role`, `must be the OID of a region without "urn:oid:", or *`);
    if (ours.system === FACILITY_TYPE)
      return FACILITY_TYPES.some((type) => type === code)
        ? { facilityType: code }
        : reading.fault(`${at}.role`, `no type of facility: ${FACILITY_TYPES.join(', ')}`);
    if (code === PROXY) return { role: 'resident' };
    return STAFF_ROLES.some((one) => one === code)
      ? { role: code }
      : reading.fault(`${at}.role`, `no role: ${STAFF_ROLES.join(', ')}`);
  }
  if (!roles.some((coding) => tokenOf(coding) === RECIPIENT))
    return reading.fault(
      `${at}.role`,
      `must be ${RECIPIENT}, or a coding of ${FACILITY_TYPE}, ${ROLE} or ${COMMUNITY}`,
    );
  const target = isNode(reference) ? reference : {};
  const identifier = isNode(target.identifier) ? word(target.identifier.value) : '';
  if (isNode(target.identifier) && target.identifier.system === STAFF && identifier) return { staff: identifier };
  if (FACILITY.test(identifier)) return { facility: identifier };
  return reading.fault(
    `${at}.reference`,
    `must name a facility by an identifier of 10 digits, or a member of staff by one of ${STAFF}`,
  );
};

const classOf = (reading: Reading, { system, code }: Node, at: string): string | undefined => {
  if (system === DATA_CLASS && word(code) in DATA_CLASSES) return word(code);
  if (system === TYPES && (RESOURCE_TYPES as readonly string[]).includes(word(code))) return word(code);
  return reading.fault(at, `must be of ${DATA_CLASS} (${Object.keys(DATA_CLASSES).join(', ')}) or ${TYPES}`);
};

const labelOf = (reading: Reading, { system, code }: Node, at: string): string | undefined =>
  word(system) && word(code) ? tokenOf({ system, code }) : reading.fault(at, 'needs system and code');

const purposeOf = (reading: Reading, { system, code }: Node, at: string): string | undefined =>
  system === PURPOSES && PURPOSES_OF_USE.has(word(code))
    ? word(code)
    : reading.fault(at, `must be of ${PURPOSES}, a code of PurposeOfUse`);

const periodOf = (reading: Reading, value: unknown, at: string): Period | undefined => {
  if (value === undefined) return undefined;
  const { start, end } = isNode(value) ? value : {};
  const [from, to] = [start, end].map((text) => (typeof text === 'string' ? spanOf(text) : undefined));
  if ((start !== undefined && !from) || (end !== undefined && !to) || (!from && !to))
    return reading.fault(at, 'must be a period with a start or an end');
  if (from && to && from.low >= to.high) return reading.fault(at, 'ends before it starts');
  return [from?.low ?? null, to?.high ?? null];
};

/**
 * 422 with every fault, each at its element, where a Consent could not be enforced. `region`: how the region takes consent.
 * `isOwn`: the person writes it, which is evidence enough.
 */
export const assertEnforceable = (consent: Resource, region: ConsentDefault | undefined, isOwn = false): void => {
  const { rule, reading } = compiled(consent);
  if (isInForce(consent)) {
    const pattern = patternOf(reading, consent);
    const { policyRule } = consent;
    if (!codings(policyRule).some(({ system, code }) => system === EXPLANATION && word(code)))
      reading.fault(
        'Consent.policyRule',
        `needs a coding of ${EXPLANATION}: the version of the explanation that was given`,
      );
    if (!isOwn && !EVIDENCE.some((name) => consent[name] !== undefined))
      reading.fault('Consent.verification', `needs evidence, one of ${EVIDENCE.join(', ')}`);
    if (rule) assertPattern(reading, rule, pattern, region);
  }
  if (reading.issues.length > 0) throw new FhirError('unprocessable', reading.issues);
};

/** What these Consents say together, for the heads of one person's records; undefined: nothing, which is not the same as no. */
export const compilePolicy = (consents: readonly Resource[], { deceased = false } = {}): Policy | undefined => {
  const rules = consents.flatMap((consent): Rule[] => {
    const { rule, reading } = compiled(consent);
    // Written under an earlier profile: nothing of it may be left out silently, so nothing leaves.
    if (reading.issues.length > 0) return [{ is: 'deny' }];
    return rule ? [rule] : [];
  });
  if (rules.length > MOST_RULES)
    throw new FhirError('unprocessable', [
      {
        diagnostics: `Consent: one person has at most ${MOST_RULES} consents that are active`,
        expression: ['Consent'],
      },
    ]);
  if (rules.length === 0 && !deceased) return undefined;
  return { ...(deceased && { closed: true }), rules };
};

/** `deceasedBoolean` or `deceasedDateTime` of a Patient. */
export const isDeceased = ({ deceasedBoolean, deceasedDateTime }: Resource): boolean =>
  deceasedBoolean === true || deceasedDateTime !== undefined;
