// Privacy officers of facilities, who are told by mail when the glass is broken (abuse/officers.ts). SNS keeps the addresses: an officer
// confirms the first mail, and a filter by facility code says what is sent to whom. Here stands what the office has entered.
import * as z from 'zod/mini';
import { refuse } from '../fhir/outcome.ts';
import { AwsError } from '../services/aws-fetch.ts';
import type { Topic } from '../services/sns.ts';
import type { FacilityRecord } from './records.ts';

/** SNS allows 150 values in a filter, more than anybody looks after. */
const MOST_FACILITIES = 100;

export const PrivacyOfficer = z.strictObject({
  email: z.string().check(z.email('must be an e-mail address'), z.maxLength(254)),
});

/** What the office is shown of an officer: whether the address has confirmed. */
export interface OfficerState {
  readonly email: string;
  readonly confirmed: boolean;
}

type Mail = Omit<Topic, 'publish'>;

export const officerState = async (
  topic: Mail,
  { privacyOfficer }: FacilityRecord,
): Promise<OfficerState | undefined> => {
  if (!privacyOfficer) return undefined;
  const found = (await topic.subscriptions()).find(({ endpoint }) => endpoint === privacyOfficer.email);
  return { email: privacyOfficer.email, confirmed: found?.arn !== undefined };
};

/**
 * Brings what is sent to the addresses in line with what is to be in the records: SNS first, so that whoever is not to hear any more does
 * not, whatever fails afterwards.
 *
 * @param facilities all that there are, with the change
 */
export const followOfficers = async (
  topic: Mail,
  addresses: readonly string[],
  facilities: readonly Pick<FacilityRecord, 'code' | 'privacyOfficer'>[],
): Promise<void> => {
  const known = await topic.subscriptions();
  for (const email of new Set(addresses)) {
    const codes = facilities.filter(({ privacyOfficer }) => privacyOfficer?.email === email).map(({ code }) => code);
    if (codes.length > MOST_FACILITIES)
      throw refuse('unprocessable', `privacyOfficer.email: of ${MOST_FACILITIES} facilities at most`, 'privacyOfficer');
    const found = known.find(({ endpoint }) => endpoint === email);
    if (found?.arn === undefined) {
      // One that waits and that nobody wants any more goes by itself after two days, and hears nothing before it is confirmed.
      if (codes.length > 0) await asking(topic, email, codes);
    } else if (codes.length > 0) await topic.setFilter(found.arn, { facility: codes });
    else await topic.unsubscribe(found.arn);
  }
};

const asking = async (topic: Mail, email: string, codes: readonly string[]) => {
  try {
    await topic.subscribe(email, { facility: codes });
  } catch (error) {
    // The same address waits with another filter, for another facility: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    if (!(error instanceof AwsError) || !/InvalidParameter/.test(error.name)) throw error;
    throw refuse(
      'conflict',
      'privacyOfficer.email: this address has not confirmed the mail that it was sent for another facility yet',
      'privacyOfficer',
    );
  }
};
