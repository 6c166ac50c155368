import { notFound, refuse } from '../fhir/outcome.ts';
import { isResourceType } from '../fhir/resource-types.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
export const ID_RULE = '1 to 64 letters, digits, hyphens or dots, and neither "." nor ".."';
/** Versions are counted from 1; a tenth digit is where we stop counting. */
const VERSION = /^[1-9]\d{0,9}$/;

/** https://hl7.org/fhir/R4/datatypes.html#id, but for the two that are steps in a path: no client could ever ask for them. */
export const isId = (text: unknown): text is string =>
  typeof text === 'string' && ID.test(text) && text !== '.' && text !== '..';

/** An address that no resource can have is not found, whatever is wrong with it: the path is not echoed. */
export const parseId = (type: string, text: string): string => {
  if (!isId(text)) throw notFound(`a ${type} with an id of this form`);
  return text;
};

export const parseVersion = (reference: string, text: string): number => {
  if (!VERSION.test(text)) throw notFound(`a version of this form of ${reference}`);
  return Number(text);
};

/** Types with an endpoint: all but Parameters, which only travels. https://hl7.org/fhir/R4/parameters.html */
export const hasEndpoint = (type: string): boolean => isResourceType(type) && type !== 'Parameters';

export const parseType = (text: string): string => {
  if (!hasEndpoint(text))
    throw refuse('unknownType', 'the path does not start with a resource type of FHIR R4 that has an endpoint');
  return text;
};

/** Types that do less than the table says. AuditEvents are ours to write; the bytes of a Binary are replaced, not patched. */
const LESS: Readonly<Record<string, readonly string[]>> = {
  AuditEvent: ['read', 'search-type'],
  Binary: ['create', 'read', 'vread', 'update', 'delete', 'search-type', 'history-type', 'history-instance'],
};

export const does = (type: string, code: string): boolean => LESS[type]?.includes(code) ?? true;
