// Seeds what the demo facilities hold: their Organizations always, a few charts of invented people unless `--empty`.
// Everything goes through the public API with the systems' own tokens, so a seed can do nothing that a hospital cannot.
import { transactionText } from '../../../functions/bulk/entry-text.ts';
import type { Resource } from '../../../functions/fhir/types.ts';
import type { Seed, SeedContext } from '../seed-context.ts';
import { getToken } from '../token.ts';
import { type Charts, charts, type Facilities } from './clinical/charts.ts';
import { demoFacilities, demoOrganizations } from './identities.ts';

/**
 * A PUT for each, in one transaction, if none of them was there: what has been seeded belongs to whoever tries the region, and stays
 * as they have changed it over the next start.
 */
const put = async ({ baseUrl, region }: SeedContext, who: string, resources: readonly Resource[]): Promise<void> => {
  const entries = resources.map((resource) =>
    JSON.stringify({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}`, ifNoneMatch: '*' },
    }),
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
  if (!answer.ok && answer.status !== 412)
    throw new Error(`seeding ${who} of ${region} answered ${answer.status}: ${await answer.text()}`);
};

const facilitiesOf = (region: string): Facilities => {
  const rows = demoFacilities(region);
  const at = (kind: keyof Facilities) => ({ code: rows[kind].code, organization: `Organization/demo-${kind}` });
  return { hospital: at('hospital'), clinic: at('clinic'), pharmacy: at('pharmacy'), care: at('care') };
};

const WRITERS: readonly (keyof Charts)[] = ['hospital', 'clinic', 'pharmacy', 'care'];

/**
 * Also with `--empty`: who writes records writes its own Organization. Fire department and offices write no records
 * (consent/matrix.ts), so the hospital's system enters them.
 */
export const seedOrganizations: Seed = async (context) => {
  const organizations = demoOrganizations(context.region);
  const writerOf = ({ id }: Resource) => WRITERS.find((kind) => id === `demo-${kind}`) ?? 'hospital';
  for (const kind of WRITERS) {
    const own = organizations.filter((organization) => writerOf(organization) === kind);
    await put(context, `system:${kind}`, own);
  }
};

export const seedClinical: Seed = async (context) => {
  const all = charts(facilitiesOf(context.region));
  for (const kind of WRITERS) await put(context, `system:${kind}`, all[kind]);
};
