// What went wrong with an IHE community, in our words: what a peer writes into an error may hold anything, so only codes that the
// profiles name are repeated.
// https://profiles.ihe.net/ITI/TF/Volume3/ch-4.2.html#4.2.4.1
import { RemoteFault } from '../ihe/initiate.ts';
import { SoapFault } from '../ihe/soap/fault.ts';
import type { XdsError } from '../ihe/xca/entry.ts';
import { XmlError } from '../ihe/xml/parse.ts';
import { HandleEnded } from './ask-peer.ts';
import { PeerFault } from './peer-http.ts';

/** What of the answer is to be said beside its entries. */
export interface Note {
  readonly code: PeerFault['code'];
  readonly rule: string;
}

const MEANINGS: Readonly<Record<string, Note>> = {
  XDSUnknownCommunity: { code: 'processing', rule: 'it is not the community that it was asked as' },
  XDSMissingHomeCommunityId: { code: 'processing', rule: 'it misses its homeCommunityId' },
  XDSUnavailableCommunity: { code: 'transient', rule: 'a community behind it did not answer' },
  XDSUnknownRepositoryId: { code: 'not-found', rule: 'it has no such repository' },
  XDSDocumentUniqueIdError: { code: 'not-found', rule: 'it has no such document, or shows none' },
  XDSTooManyResults: { code: 'too-long', rule: 'the person has more documents than it lists at once' },
  XDSRegistryBusy: { code: 'transient', rule: 'its registry is busy' },
  XDSRepositoryBusy: { code: 'transient', rule: 'its repository is busy' },
  XDSRegistryError: { code: 'processing', rule: 'its registry failed' },
  XDSRepositoryError: { code: 'processing', rule: 'its repository failed' },
  XDSRegistryMetadataError: { code: 'processing', rule: 'its registry failed' },
  XDSUnknownStoredQuery: { code: 'processing', rule: 'it does not know the stored query' },
  XDSStoredQueryMissingParam: { code: 'processing', rule: 'it misses a parameter of the stored query' },
  XDSStoredQueryParamNumber: { code: 'processing', rule: 'it takes other parameters of the stored query' },
};

export const UNKNOWN_PATIENT = 'XDSUnknownPatientId';

const noteOf = ({ code }: XdsError): Note => {
  const local = code.split(':').at(-1) ?? '';
  const known = Object.hasOwn(MEANINGS, local) ? MEANINGS[local] : undefined;
  return known
    ? { ...known, rule: `${known.rule} (${local})` }
    : { code: 'processing', rule: 'it says that it failed' };
};

/** Each kind of error once; a warning changes nothing of the answer. */
export const notesOf = (errors: readonly XdsError[]): Note[] => [
  ...new Map(errors.filter(({ severity }) => severity === 'Error').map((one) => [one.code, noteOf(one)])).values(),
];

/** @throws when nothing of the answer is to be had */
export const assertDelivered = (status: string, errors: readonly XdsError[], delivered: number): void => {
  if (errors.some(({ code }) => code.split(':').at(-1) === UNKNOWN_PATIENT)) throw new HandleEnded();
  if (status !== 'Failure') return;
  if (delivered > 0)
    throw new PeerFault('structure', 'its answer is refused: it says that it failed, and has documents');
  const [note = { code: 'processing' as const, rule: 'it says that it failed' }] = notesOf(errors);
  throw new PeerFault(note.code, note.rule, { isAnswer: true });
};

/** What reading an answer throws, as what is wrong with the community. */
export const inOurWords = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RemoteFault)
      throw error.isSecurity
        ? new PeerFault('security', 'it does not accept our assertion (SOAP fault)', { isAnswer: true })
        : new PeerFault(error.code === 'Receiver' ? 'transient' : 'processing', `it answered ${error.message}`, {
            isAnswer: true,
          });
    // Rules of ours, which repeat nothing of the message.
    if (error instanceof SoapFault || error instanceof XmlError)
      throw new PeerFault('structure', `its answer is refused: ${error.message}`);
    throw error;
  }
};
