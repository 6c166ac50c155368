// The one decision who may do what (design section 6). Pure: no I/O, no clock; what it is not given, it does not know.
// Order of domain.md 4.4. Consents (step 5, the patient's own permits in 6 and 7) and break-glass (9) join it with issue 4;
// that participants of a Task, Appointment or Communication may write some of its elements is still to come as well:
// until then only the source facility changes a resource.
import { type Action, allows, LEVEL_OF } from '../auth/scopes.ts';
import type { Actor } from './actor.ts';
import {
  AREA_OF_TYPE,
  type Area,
  CARE_PURPOSES,
  type Grant,
  REGION_OWNER,
  type Rules,
  rulesOf,
  SENSITIVE,
  UNDELIVERED,
  UNINFORMED,
} from './matrix.ts';

export interface Question {
  readonly actor: Actor;
  readonly action: Action;
  readonly type: string;
  /** Source facility of the resource (`Stored.facility`). Absent: the whole type is asked about (`search`), or a new resource (`create`). */
  readonly facility?: string | undefined;
  /** Logical id of the patient whose record it is; a Patient: its own id. */
  readonly patientId?: string | undefined;
  readonly dataClass?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  /** Type codes of a document, `system|code`; without them no rule that speaks of kinds of documents permits. */
  readonly codes?: readonly string[] | undefined;
  readonly purpose: string;
  readonly now: number;
  /** What the region lets other facilities read where no consent says anything. @default 'own-facility' */
  readonly consentDefault?: 'implicit' | 'own-facility' | undefined;
}

export type Decision =
  | { readonly permit: true }
  /** `reason` names the rule, never the record. `hide`: not even that the resource exists may be told (404, not 403). */
  | { readonly permit: false; readonly reason: string; readonly hide: boolean };

const PERMIT: Decision = { permit: true };
const refuse = (reason: string): Decision => ({ permit: false, reason, hide: false });
const hide = (reason: string): Decision => ({ permit: false, reason, hide: true });

export const decide = (question: Question): Decision => {
  const { actor, action, type, facility, purpose } = question;
  if (!allows(actor.scopes, LEVEL_OF[actor.kind], type, action))
    return refuse(`the token's scopes do not allow ${action} of ${type}`);

  const rules = rulesOf(actor);
  if (rules.purposes && !rules.purposes.includes(purpose))
    return refuse(`this role needs a purpose of use: ${rules.purposes.join(', ')}`);

  if (action === 'search' && facility === undefined) return decideType(question, rules);
  if (action === 'read' || action === 'search') return decideRead(question, rules);
  return decideWrite(question, rules);
};

/** May the actor ask for the type at all? What is found is decided one by one. */
const decideType = (question: Question, { read, write }: Rules): Decision =>
  possibleAreas(question).some((area) => mayEver(read[area], question) || mayEver(write[area], question))
    ? PERMIT
    : refuse(`this role may not see ${question.type}`);

const decideRead = (question: Question, rules: Rules): Decision => {
  const { actor, type, facility } = question;
  const area = areaOf(question);
  if (facility === undefined || area === undefined) return hide(`the source or the class of the ${type} is not known`);

  const own = facility === actor.facility;
  const granted = covers(rules.read[area], question) || (own && covers(rules.write[area], question));
  if (!granted) return { permit: false, reason: `this role may not see ${area} data`, hide: !own };

  if (actor.kind === 'resident') return decideResident(question, area);
  if (own || area === 'directory' || area === 'audit') return PERMIT; // step 2a: a facility's own chart
  return decideShared(question);
};

/** Steps 3 and 6 to 8: a record of another facility. */
const decideShared = ({ labels, purpose, consentDefault }: Question): Decision => {
  if (hasCode(labels, UNDELIVERED)) return hide('the source facility keeps it to itself');
  if (labels?.some((label) => SENSITIVE.has(label))) return hide('a sensitive record needs a consent that names it');
  if (consentDefault !== 'implicit') return hide('no consent opens records of other facilities');
  if (!CARE_PURPOSES.includes(purpose)) return hide('implied consent covers the care of the patient only');
  return PERMIT;
};

/** Steps 3 and 4 for the person concerned. */
const decideResident = ({ actor, type, patientId, labels }: Question, area: Area): Decision => {
  if (area === 'directory') return PERMIT;
  if (patientId === undefined || !actor.patients.includes(patientId)) return hide(`the ${type} is of another person`);
  if (hasCode(labels, UNDELIVERED)) return hide('the source facility keeps it to itself');
  if (hasCode(labels, UNINFORMED)) return hide('the patient has not been told yet');
  return PERMIT;
};

const decideWrite = (question: Question, { write }: Rules): Decision => {
  const { actor, action, type, facility, patientId } = question;
  const owner = actor.kind === 'resident' ? REGION_OWNER : actor.facility;
  if (owner === undefined) return refuse('who writes must belong to a facility');
  if (action !== 'create' && facility === undefined) return refuse(`the source of the ${type} is not known`);
  if (facility !== undefined && facility !== owner)
    return refuse(`only the facility that wrote the ${type} may change it`);

  const area = areaOf(question);
  if (area === undefined && action !== 'create') return refuse(`the class of the ${type} is not known`);
  if (!possibleAreas(question).some((one) => mayEver(write[one], question)))
    return refuse(`this role may not write ${area === undefined ? type : `${area} data`}`);
  if (actor.kind === 'resident' && (patientId === undefined || !actor.patients.includes(patientId)))
    return hide(`the ${type} is of another person`);
  return PERMIT;
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
const covers = (grant: Grant | undefined, { type, codes }: Question): boolean => {
  if (grant === undefined || grant === '*') return grant === '*';
  if ('types' in grant) return grant.types.includes(type);
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
