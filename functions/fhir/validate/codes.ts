// Required bindings: https://hl7.org/fhir/R4/terminologies.html#required
import { type ValueSet, valueSet } from '../definitions.ts';

/** `json`, `xml` and `ttl` are what the definitions of CapabilityStatement.format allow besides media types. */
const MEDIA_TYPE = /^(?:[\w!#$&.+^-]+\/[\w!#$&.+^*-]+(?:\s*;\s*[\w.+-]+=(?:[^";\s]+|"[^"]*"))*;?|json|xml|ttl)$/;

/** ISO 4217, current codes: what ICU knows, and the entries that are not money of a country. */
let currencies: ReadonlySet<string> | undefined;
const isCurrency = (code: string): boolean => {
  currencies ??= new Set([
    ...Intl.supportedValuesOf('currency'),
    ...'BOV CHE CHW CLF COU MXV SLE USN UYI UYW VED XAD XAG XAU XBA XBB XBC XBD XCG XDR XPD XPT XSU XTS XUA XXX ZWG'.split(
      ' ',
    ),
  ]);
  return currencies.has(code);
};

const holdsCode = (set: ValueSet, code: string): boolean => {
  if (set.form === 'mimetypes') return MEDIA_TYPE.test(code);
  if (set.form === 'currencies') return isCurrency(code);
  return set.codes.has(code);
};

const holdsCoding = (set: ValueSet, coding: unknown): boolean => {
  if (typeof coding !== 'object' || coding === null) return false;
  const { system, code } = coding as { system?: unknown; code?: unknown };
  if (set.form) return typeof code === 'string' && holdsCode(set, code);
  return typeof code === 'string' && typeof system === 'string' && set.systems.get(system)?.has(code) === true;
};

/** What is wrong with a value of an element whose codes are fixed; undefined: nothing. */
export const bindingFault = (index: number, type: string, value: unknown): string | undefined => {
  const set = valueSet(index);
  switch (type) {
    case 'CodeableConcept': {
      const coding = (value as { coding?: unknown }).coding;
      const isHeld = Array.isArray(coding) && coding.some((item) => holdsCoding(set, item));
      return isHeld ? undefined : `needs a coding from the value set ${set.name} (required binding)`;
    }
    case 'Coding':
      return holdsCoding(set, value)
        ? undefined
        : `needs a system and code from the value set ${set.name} (required binding)`;
    case 'Quantity':
      return undefined;
    default:
      return typeof value !== 'string' || holdsCode(set, value)
        ? undefined
        : `is not a code of the value set ${set.name} (required binding)`;
  }
};
