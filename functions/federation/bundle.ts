// The merged answer as a Bundle: every entry says where it is from.
import type { Issue, Resource } from '../fhir/types.ts';
import { bundleText } from '../interactions/bundle-text.ts';
import type { Answer, Services } from '../interactions/contract.ts';
import { subsetResource } from '../interactions/subset.ts';
import { escaped } from '../search/parse-values.ts';
import type { Query } from '../search/query.ts';
import type { Asked } from './asked.ts';
import { COMMUNITY } from './communities.ts';
import type { Contract } from './contract.ts';
import { originOf, type Shown } from './merge.ts';
import { baseIn } from './there.ts';

/** A relation of our own, so an address: https://datatracker.ietf.org/doc/html/rfc8288#section-2.1.2 */
export const MISSING = 'urn:tsumugi:missing';

export interface Result {
  readonly asked: Extract<Asked, { kind: 'search' | 'everything' }>;
  readonly query: Query | undefined;
  readonly shown: readonly Shown[];
  readonly issues: readonly Issue[];
  readonly total: number | undefined;
  readonly next?: string | undefined;
  /** Leads to those who have not answered, and to nobody else. */
  readonly missing?: string | undefined;
  readonly own: string;
  /** Of the own region's FHIR API. */
  readonly base: string;
}

export const bundleOf = (
  { active, services }: { active: readonly Contract[]; services: Pick<Services, 'region'> },
  { asked, query, shown, issues, total, next, missing, own, base }: Result,
): Answer => {
  const bases = new Map([
    [own, base],
    ...active.map((contract) => [contract.community, baseIn(contract, services.region.baseUrl)] as const),
  ]);
  const cut = (resource: Resource): Resource | undefined => {
    if (query?.elements) return subsetResource(resource, { elements: query.elements });
    const summary = query?.summary;
    return summary === 'true' || summary === 'text' || summary === 'data'
      ? subsetResource(resource, { summary })
      : undefined;
  };
  const entries = (query?.countOnly ? [] : shown).map(({ community, resource, mode, text }) => {
    const less = cut(resource);
    const body = less ? JSON.stringify(originOf(community, less)) : text;
    const url = `${bases.get(community)}/${resource.resourceType}/${resource.id}`;
    return `{"fullUrl":${JSON.stringify(url)},"resource":${body},"search":{"mode":"${mode}"}}`;
  });
  if (issues.length > 0)
    entries.push(
      `{"resource":${JSON.stringify({ resourceType: 'OperationOutcome', issue: issues })},"search":{"mode":"outcome"}}`,
    );
  const type = asked.kind === 'search' ? asked.type : '$everything';
  const here = `${services.region.baseUrl}/federation/fhir/Patient${type === 'Patient' ? '' : `/${asked.patient}/${type}`}`;
  const used = [
    ...(type === 'Patient' ? [['_id', asked.patient] as const] : []),
    ...(query?.used ?? asked.params),
    ...(asked.communities?.length ? [[COMMUNITY, asked.communities.map(escaped).join(',')] as const] : []),
  ]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  return {
    status: 200,
    text: bundleText({
      type: 'searchset',
      total,
      links: [
        { relation: 'self', url: used ? `${here}?${used}` : here },
        ...Object.entries({ next, [MISSING]: missing }).flatMap(([relation, cursor]) =>
          cursor === undefined ? [] : [{ relation, url: `${here}?_cursor=${encodeURIComponent(cursor)}` }],
        ),
      ],
      entries,
    }),
  };
};
