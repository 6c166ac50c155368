// Seeds what the demo facilities hold: their Organizations always, a few charts of invented people unless `--empty`.
// Everything goes through the public API with the systems' own tokens, so a seed can do nothing that a hospital cannot.
import { transactionText } from '../../../functions/bulk/entry-text.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import type { Seed, SeedContext } from '../seed-context.ts';
import { getToken } from '../token.ts';
import { type Charts, charts, type Facilities } from './clinical/charts.ts';
import { demoOrganizations } from './identities.ts';

/** A PUT for each, in one transaction: seeding again changes nothing. */
const put = async ({ baseUrl, region }: SeedContext, who: string, resources: readonly Resource[]): Promise<void> => {
  const entries = resources.map((resource) =>
    JSON.stringify({ resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } }),
  );
  const answer = await fetch(`${baseUrl}/fhir`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await getToken(region, who)}`,
      'content-type': 'application/fhir+json',
      prefer: 'return=minimal',
    },
    body: transactionText(entries),
  });
  if (!answer.ok) throw new Error(`seeding ${who} of ${region} answered ${answer.status}: ${await answer.text()}`);
};

/** The four facilities whose systems write in the demo, by the last digits of their codes (design section 4). */
const CODES = { hospital: '10000001', clinic: '10000002', pharmacy: '40000003' } as const;

const codeIn = (organization: Resource): string | undefined =>
  (Array.isArray(organization.identifier) ? organization.identifier : [])
    .map((identifier: { value?: string }) => identifier.value)
    .find((value) => value !== undefined && /^\d{10}$/.test(value));

const facilitiesIn = (organizations: readonly Resource[]): Facilities => {
  const found = (kind: keyof Facilities) => {
    const matches = (code: string) => (kind === 'care' ? code.startsWith('98') : code.endsWith(CODES[kind]));
    const organization = organizations.find((one) => matches(codeIn(one) ?? ''));
    if (!organization) throw new Error(`the demo facilities have no ${kind}`);
    return { code: codeIn(organization)!, organization: `Organization/${organization.id}` };
  };
  return { hospital: found('hospital'), clinic: found('clinic'), pharmacy: found('pharmacy'), care: found('care') };
};

const WRITERS: readonly (keyof Facilities)[] = ['hospital', 'clinic', 'pharmacy', 'care'];

/** Also with `--empty`: every facility writes its own Organization; those without a demo system are the hospital's work. */
export const seedOrganizations: Seed = async (context) => {
  const organizations = await demoOrganizations(context.region);
  const facilities = facilitiesIn(organizations);
  const writerOf = (organization: Resource) =>
    WRITERS.find((kind) => facilities[kind].organization === `Organization/${organization.id}`) ?? 'hospital';
  for (const kind of WRITERS) {
    const own = organizations.filter((organization) => writerOf(organization) === kind);
    await put(context, `system:${kind}`, own);
  }
};

export const seedClinical: Seed = async (context) => {
  const all: Charts = charts(facilitiesIn(await demoOrganizations(context.region)));
  for (const kind of WRITERS) await put(context, `system:${kind}`, all[kind]);
};
