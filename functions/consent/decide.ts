// The one decision who may do what (design section 6). Pure: no I/O, no clock; what it is not given, it does not know.
// Order of domain.md 4.4: 1 the token, 2 the role, 2a the source facility, 3 UNDELIVERED, 4 UNINFORMED, 5 the patient's denial,
// 6 sensitive labels, 7 the patient's permit, then the region's default, 8 no, 9 break-glass. Where each is tested: docs/consent.md.
import { type Action, allows, LEVEL_OF } from '../auth/scopes.ts';
import { isInEmergencySet } from './emergency.ts';
import {
  AREA_OF_TYPE,
  type Area,
  type Grant,
  type Narrow,
  REGION_OWNER,
  type Rules,
  rulesOf,
  SENSITIVE,
  UNDELIVERED,
  UNINFORMED,
} from './matrix.ts';
import { ADDRESSED } from './participants.ts';
import { CARE_PURPOSES, OPEN, type Policy, type Subject, type Verdict, verdictOf } from './policy.ts';

/** How the region takes consent (domain.md 4.4): 黙示, 自施設のみ, 一括, リスト, 施設ごと. Only the first opens anything by itself. */
export type ConsentDefault = 'implicit' | 'own-facility' | 'blanket' | 'list' | 'per-facility';

/** What breaking the glass has opened (break-glass/port.ts). */
export interface OpenGrant {
  /** Partition keys of one person's records. */
  readonly keys: readonly string[];
  /** Milliseconds. */
  readonly until: number;
}

export interface Question extends Subject {
  readonly action: Action;
  /** Source facility of the resource (`Stored.facility`). Absent: the whole type is asked about (`search`), or a new resource (`create`). */
  readonly facility?: string | undefined;
  /** Logical id of the patient whose record it is; a Patient: its own id. Residents: the one of theirs that it is linked to. */
  readonly patientId?: string | undefined;
  readonly patientKey?: string | undefined;
  /** What the patient has said. @default nothing */
  readonly policy?: Policy | undefined;
  readonly grants?: readonly OpenGrant[] | undefined;
  readonly narrow?: Narrow | undefined;
  /** What the region lets other facilities read where no consent says anything. @default 'own-facility' */
  readonly consentDefault?: ConsentDefault | undefined;
  /** Whether breaking the glass opens what the patient has denied outright. @default false */
  readonly glassOverridesDenial?: boolean | undefined;
}

/** What permits, for the audit trail. */
export type Basis = 'own' | 'directory' | 'self' | 'consent' | 'implied' | 'participant' | 'break-glass';

export type Decision =
  | { readonly permit: true; readonly by: Basis }
  /** `reason` names the rule, never the record. `hide`: not even that the resource exists may be told (404, not 403). */
  | { readonly permit: false; readonly reason: string; readonly hide: boolean };

const permit = (by: Basis): Decision => ({ permit: true, by });
const OWN = permit('own');
const DIRECTORY = permit('directory');
const SELF = permit('self');
const CONSENT = permit('consent');
const IMPLIED = permit('implied');
const PARTICIPANT = permit('participant');
const BREAK_GLASS = permit('break-glass');
const refuse = (reason: string): Decision => ({ permit: false, reason, hide: false });
const hide = (reason: string): Decision => ({ permit: false, reason, hide: true });

export const decide = (question: Question): Decision => {
  const { actor, action, type, facility, purpose } = question;
  if (!allows(actor.scopes, LEVEL_OF[actor.kind], type, action))
    return refuse(`the token's scopes do not allow ${action} of ${type}`);

  const rules = rulesOf(actor, question.narrow);
  if (rules.purposes && !rules.purposes.includes(purpose))
    return refuse(`this role needs a purpose of use: ${rules.purposes.join(', ')}`);

  if (action === 'search' && facility === undefined) return decideType(question, rules);
  if (action === 'read' || action === 'search') return decideRead(question, rules);
  return decideWrite(question, rules);
};

/** May the actor ask for the type at all? What is found is decided one by one. */
const decideType = (question: Question, { read, write }: Rules): Decision =>
  possibleAreas(question).some((area) => mayEver(read[area], question) || mayEver(write[area], question))
    ? OWN
    : refuse(`this role may not see ${question.type}`);

const decideRead = (question: Question, rules: Rules): Decision => {
  const { actor, type, facility } = question;
  const area = areaOf(question);
  if (facility === undefined || area === undefined) return hide(`the source or the class of the ${type} is not known`);

  const own = facility === actor.facility;
  const granted = covers(rules.read[area], question) || (own && covers(rules.write[area], question));
  if (!granted) return { permit: false, reason: `this role may not see ${area} data`, hide: !own };

  if (actor.kind === 'resident') return decideResident(question, area);
  if (area === 'directory' || area === 'audit') return DIRECTORY;
  return own ? OWN : decideShared(question, rules); // step 2a: a facility's own chart
};

/** Steps 3 and 5 to 9: a record of another facility. */
const decideShared = (question: Question, rules: Rules): Decision => {
  const { actor, facility = '', labels, policy = OPEN, narrow } = question;
  if (narrow?.contracts?.noView.has(actor.facility ?? '')) return hide('the facility sees its own records only');
  if (narrow?.contracts?.noDisclose.has(facility)) return hide('the source facility shows its records to nobody');
  if (policy.closed) return hide('the record is closed');
  if (hasCode(labels, UNDELIVERED)) return hide('the source facility keeps it to itself');
  const verdict = verdictOf(policy, question);
  const decision = decideConsent(question, verdict);
  return decision.permit || !breaksGlass(question, rules, verdict) ? decision : BREAK_GLASS;
};

/** Steps 5 to 8. */
const decideConsent = (question: Question, { is, named }: Verdict): Decision => {
  const { type, labels, purpose, consentDefault, facts } = question;
  if (is === 'deny') return hide('the patient has denied it');
  if (labels?.some((label) => SENSITIVE.has(label) && !named.includes(label)))
    return hide('a sensitive record needs a consent that names it');
  if (is === 'permit') return CONSENT;
  if (type in ADDRESSED && facts?.isAddressed()) return PARTICIPANT;
  if (consentDefault !== 'implicit') return hide('no consent opens records of other facilities');
  if (!CARE_PURPOSES.has(purpose)) return hide('implied consent covers the care of the patient only');
  return IMPLIED;
};

/** Step 9: a named member of staff, for this person, within the time box, and the emergency set only. */
const breaksGlass = (question: Question, rules: Rules, { is, named }: Verdict): boolean => {
  const { actor, purpose, patientKey, grants, now, glassOverridesDenial } = question;
  if (purpose !== 'BTG' || !rules.breaksGlass || actor.kind !== 'staff' || patientKey === undefined) return false;
  if (!grants?.some(({ keys, until }) => until > now && keys.includes(patientKey))) return false;
  return (is !== 'deny' || glassOverridesDenial === true) && isInEmergencySet(question, named);
};

/** Steps 3 and 4 for the person concerned. */
const decideResident = (question: Question, area: Area): Decision => {
  const { actor, type, patientId, labels, policy } = question;
  if (area === 'directory') return DIRECTORY;
  if (patientId === undefined || !actor.patients.includes(patientId)) return hide(`the ${type} is of another person`);
  if (policy?.closed) return hide('the record is closed');
  if (hasCode(labels, UNDELIVERED)) return hide('the source facility keeps it to itself');
  if (hasCode(labels, UNINFORMED)) return hide('the patient has not been told yet');
  return isKeptFromProxy(question) ? hide('the minor keeps it to herself') : SELF;
};

/**
 * Of a minor who decides alone (docs/enrolment.md, "Mature minors"): what her consents keep from who acts for her, and the consents
 * themselves and who has looked, which would tell of it.
 */
const isKeptFromProxy = (question: Question): boolean => {
  const { actor, type, patientId = '', policy = OPEN } = question;
  if (!actor.minors?.includes(patientId)) return false;
  const rules = policy.rules.filter(({ who }) => who?.some((one) => 'role' in one && one.role === actor.role));
  return type === 'Consent' || type === 'AuditEvent' || verdictOf({ rules }, question).is === 'deny';
};

const decideWrite = (question: Question, { write }: Rules): Decision => {
  const { actor, action, type, facility, patientId, labels, facts } = question;
  const owner = actor.kind === 'resident' ? REGION_OWNER : actor.facility;
  if (owner === undefined) return refuse('who writes must belong to a facility');
  if (action !== 'create' && facility === undefined) return refuse(`the source of the ${type} is not known`);
  const own = facility === undefined || facility === owner;
  // Who it is addressed to may answer it (participants.ts says with which elements).
  const addressed =
    !own && action === 'update' && type in ADDRESSED && !hasCode(labels, UNDELIVERED) && facts?.isAddressed() === true;
  if (!own && !addressed) return refuse(`only the facility that wrote the ${type} may change it`);

  const area = areaOf(question);
  if (area === undefined && action !== 'create') return refuse(`the class of the ${type} is not known`);
  if (!possibleAreas(question).some((one) => mayEver(write[one], question)))
    return refuse(`this role may not write ${area === undefined ? type : `${area} data`}`);
  if (actor.kind === 'resident' && (patientId === undefined || !actor.patients.includes(patientId)))
    return hide(`the ${type} is of another person`);
  if (isKeptFromProxy(question)) return hide('the minor decides alone');
  return addressed ? PARTICIPANT : actor.kind === 'resident' ? SELF : OWN;
};

/** Columns that a stored class may name; the others go by resource type alone. */
const CLASSES: readonly Area[] = ['basic', 'clinical', 'document', 'care', 'home', 'admin'];

const areaOf = ({ type, dataClass }: Question): Area | undefined =>
  AREA_OF_TYPE[type] ?? CLASSES.find((area) => area === dataClass);

const possibleAreas = (question: Question): readonly Area[] => {
  const area = areaOf(question);
  if (area !== undefined) return [area];
  return question.dataClass === undefined ? CLASSES : []; // a class we do not know is nobody's
};

/** The grant covers this very resource. */
const covers = (grant: Grant | undefined, question: Question): boolean => {
  if (grant === undefined || grant === '*') return grant === '*';
  if ('types' in grant) return grant.types.includes(question.type);
  if (!DOCUMENTS.includes(question.type)) return false;
  const codes = question.codes ?? question.facts?.codes();
  return codes?.some((code) => grant.codes.includes(code)) === true;
};

/** The grant may cover resources of this type. */
const mayEver = (grant: Grant | undefined, question: Question): boolean =>
  grant !== undefined && grant !== '*' && 'codes' in grant
    ? DOCUMENTS.includes(question.type)
    : covers(grant, question);

const DOCUMENTS = ['Composition', 'DocumentReference'];

const hasCode = (labels: readonly string[] | undefined, code: string): boolean =>
  labels?.some((label) => label === code || label.endsWith(`|${code}`)) === true;
