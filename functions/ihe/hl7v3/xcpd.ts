// ITI-55, Cross Gateway Patient Discovery, both sides: https://profiles.ihe.net/ITI/TF/Volume2/ITI-55.html
import type { DemographicQuery, Discovery, DiscoveryAnswer, RequestedAttribute } from '../ports.ts';
import { SoapFault } from '../soap/fault.ts';
import type { XmlElement } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import type { QueryAnswer } from './answer.ts';
import { readAnswer, writeAnswer } from './answer.ts';
import type { Party, V3Self } from './message.ts';
import { readQuery, writeQuery } from './query.ts';

export const XCPD_ACTION = 'urn:hl7-org:v3:PRPA_IN201305UV02:CrossGatewayPatientDiscovery';
export const XCPD_ANSWER_ACTION = 'urn:hl7-org:v3:PRPA_IN201306UV02:CrossGatewayPatientDiscovery';

// ── Responding gateway ─────────────────────────────────────────────────────────────────────────────────────────────────
export interface XcpdServices {
  readonly discovery: Discovery;
  readonly self: () => V3Self;
}

export const respondXcpd = async (
  message: XmlElement,
  source: string,
  services: XcpdServices,
  asker?: string,
): Promise<Markup> => {
  if (message.name !== 'PRPA_IN201305UV02') throw new SoapFault('Sender', 'the Body is not PRPA_IN201305UV02');
  const { header, queryId, query, authorities, echo } = readQuery(message, source);
  const to = { self: services.self(), receiver: header.sender, target: header.id, queryId, echo, xcpd: true };
  const incomplete = missing(query);
  if (incomplete) return writeAnswer(to, incomplete);
  const answer = await services.discovery.discover(query, { community: asker, authorities });
  return writeAnswer(to, answerOf(answer));
};

const done = { type: 'AA', details: [] } as const;

/** A query by demographics needs a name and a birth date (table 3.55.4.1.2-1); one by number needs neither. */
const missing = (query: DemographicQuery): QueryAnswer | undefined => {
  if (query.identifiers.length > 0) return undefined;
  const field =
    query.names.length === 0
      ? 'livingSubjectName'
      : query.birthDate === undefined
        ? 'livingSubjectBirthTime'
        : undefined;
  if (!field) return undefined;
  const location = `/controlActProcess/queryByParameter/parameterList/${field}`;
  return {
    acknowledgement: { type: 'AE', details: [{ code: '101', text: `${field} is required`, location }] },
    response: 'AE',
    found: [],
  };
};

const answerOf = (answer: DiscoveryAnswer): QueryAnswer => {
  switch (answer.kind) {
    case 'matches':
      return {
        acknowledgement: done,
        response: 'OK',
        found: answer.matches,
        total: answer.matches.length,
        remaining: 0,
      };
    case 'none':
      return { acknowledgement: done, response: 'NF', found: [], total: 0, remaining: 0 };
    // Case 4: more attributes are asked for, and the answer is NF.
    case 'ask':
      return { acknowledgement: done, response: 'NF', found: [], total: 0, remaining: 0, requested: answer.attributes };
    // Case 5: an error that says why.
    case 'unavailable':
      return {
        acknowledgement: { type: 'AE', details: [] },
        response: answer.reason === 'ResponderBusy' ? 'QE' : 'AE',
        found: [],
        unavailable: answer.reason,
      };
  }
};

// ── Initiating gateway ─────────────────────────────────────────────────────────────────────────────────────────────────
export const writeDiscovery = (
  self: V3Self,
  receiver: Party,
  query: DemographicQuery,
  authorities: readonly string[],
): Markup => writeQuery({ self, receiver, query, authorities });

const ATTRIBUTES: readonly RequestedAttribute[] = [
  'LivingSubjectAdministrativeGenderRequested',
  'LivingSubjectBirthPlaceAddressRequested',
  'LivingSubjectBirthPlaceNameRequested',
  'MothersMaidenNameRequested',
  'PatientAddressRequested',
  'PatientTelecomRequested',
];

/** What another community answered; what it cannot have meant is `AnswerNotAvailable`, never a match. */
export const readDiscovery = (message: XmlElement): DiscoveryAnswer => {
  const answer = readAnswer(message);
  const attributes = ATTRIBUTES.filter((one) => answer.requested?.includes(one));
  if (answer.acknowledgement.type !== 'AA' || answer.response === 'AE' || answer.response === 'QE')
    return attributes.length > 0
      ? { kind: 'ask', attributes }
      : {
          kind: 'unavailable',
          reason: answer.unavailable === 'ResponderBusy' ? 'ResponderBusy' : 'AnswerNotAvailable',
        };
  if (answer.response === 'OK' && answer.found.length > 0) return { kind: 'matches', matches: answer.found };
  return attributes.length > 0 ? { kind: 'ask', attributes } : { kind: 'none' };
};
