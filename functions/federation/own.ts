// The own region as one of the communities: asked by the same interactions, trusted as far as its own store.
import { parseTrusted } from '../fhir/json.ts';
import type { Issue } from '../fhir/types.ts';
import type { Answer, FhirRequest } from '../interactions/contract.ts';
import type { Asked } from './asked.ts';
import type { Entry, Page } from './peer-bundle.ts';

export const ownRequest = (
  asked: Extract<Asked, { kind: 'search' | 'everything' }>,
  params: FhirRequest['params'],
  cursor: string | undefined,
): FhirRequest => {
  const { patient } = asked;
  const path =
    asked.kind === 'everything'
      ? ['Patient', patient, '$everything']
      : asked.type === 'Patient'
        ? ['Patient']
        : ['Patient', patient, asked.type];
  const first = path.length === 1 ? [['_id', patient] as const, ...params] : params;
  return {
    method: 'GET',
    path,
    params: cursor === undefined ? first : resumedBy(asked.kind, params, cursor),
    headers: {},
    body: undefined,
  };
};

/** A search is resumed by its cursor alone; that of `$everything` holds for the same question only, which is asked again with it. */
export const resumedBy = (
  kind: 'search' | 'everything',
  params: FhirRequest['params'],
  cursor: string,
): FhirRequest['params'] => [...(kind === 'everything' ? params : []), ['_cursor', cursor]];

interface OwnBundle {
  readonly total?: number;
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly { readonly resource: Entry['resource']; readonly search?: { readonly mode?: string } }[];
}

/** What it says of its own answer besides what it understood of the question, which is said once for all communities. */
export interface OwnPage extends Page {
  readonly issues: readonly Issue[];
}

export const ownPage = ({ text, resource }: Answer): OwnPage => {
  const { total, link = [], entry = [] } = (text === undefined ? resource : parseTrusted(text)) as unknown as OwnBundle;
  const url = link.find(({ relation }) => relation === 'next')?.url;
  const isOutcome = ({ search }: (typeof entry)[number]) => search?.mode === 'outcome';
  return {
    entries: entry
      .filter((one) => !isOutcome(one))
      .map((one) => ({ resource: one.resource, mode: one.search?.mode === 'include' ? 'include' : 'match' })),
    total,
    next: url === undefined ? undefined : (URL.parse(url)?.searchParams.get('_cursor') ?? undefined),
    isIncomplete: false,
    issues: entry
      .filter(isOutcome)
      .flatMap((one) => (one.resource as unknown as { readonly issue: readonly Issue[] }).issue)
      .filter(({ code }) => code === 'incomplete'),
  };
};
