// What no form may say, whoever has keyed it in: days to come, and facilities that are not there. A wish that names a mistyped facility
// would be kept and hold for nobody.
import { facilityKey } from '../auth/rows.ts';
import { FhirError, refuse } from '../fhir/outcome.ts';
import { dayInJapan } from './age.ts';
import type { ConsentForm } from './form.ts';
import type { Desk } from './services.ts';

/** The day of today is past enough: papers are signed on it, and children are born. */
export const assertNotToCome = (day: string | undefined, now: number, element: string): void => {
  if (day !== undefined && day > dayInJapan(now))
    throw refuse('unprocessable', `${element}: must not be a day to come`, element);
};

export const assertWishes = async (
  { rows }: Pick<Desk, 'rows'>,
  { facilities = [], except = [], signedOn }: ConsentForm,
  now: number,
): Promise<void> => {
  assertNotToCome(signedOn, now, 'consent.signedOn');
  const named = { facilities, except };
  const asked = Object.entries(named).flatMap(([list, codes]) => codes.map((code, at) => ({ list, code, at })));
  const found = await Promise.all(asked.map(({ code }) => rows.get(facilityKey(code).p, facilityKey(code).s)));
  const unknown = asked.filter((_, index) => found[index] === undefined);
  if (unknown.length === 0) return;
  throw new FhirError(
    'unprocessable',
    unknown.map(({ list, at }) => ({
      diagnostics: `consent.${list}[${at}]: there is no facility of this code in the region`,
      expression: [`consent.${list}[${at}]`],
    })),
  );
};
