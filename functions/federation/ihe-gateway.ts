// Our initiating gateway: a community that speaks IHE, asked as if it were one of ours.
import type { Asking } from './ask-peer.ts';
import type { IheContract } from './contract.ts';
import type { Correlation } from './correlations.ts';
import type { Finding } from './find-there.ts';
import type { Entry, Page } from './peer-bundle.ts';
import type { Wish } from './there.ts';

export interface IheGateway {
  /** ITI-55: https://profiles.ihe.net/ITI/TF/Volume2/ITI-55.html */
  find(contract: IheContract, finding: Finding, asking: Asking, now: number): Promise<Correlation | undefined>;
  /** ITI-38: https://profiles.ihe.net/ITI/TF/Volume2/ITI-38.html */
  page(contract: IheContract, handle: string, wish: Wish, asking: Asking): Promise<Page>;
  /** ITI-38 for a DocumentReference, and ITI-39 for its Binary: https://profiles.ihe.net/ITI/TF/Volume2/ITI-39.html */
  read(
    contract: IheContract,
    handle: string,
    asked: { readonly type: string; readonly id: string },
    asking: Asking,
  ): Promise<Entry['resource']>;
}
