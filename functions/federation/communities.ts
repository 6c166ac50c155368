// `_community`: which communities a client asks, by OID or by the name under which they are known here; several mean any of them.
import { FhirError } from '../fhir/outcome.ts';
import type { Issue } from '../fhir/types.ts';
import { splitEscaped, unescaped } from '../search/parse-values.ts';
import { communityOf } from './assertion.ts';

export const COMMUNITY = '_community';

type Params = readonly (readonly [string, string])[];
interface Known {
  readonly community: string;
  readonly name: string;
}

/** Undefined: nothing was said. */
export const saidCommunities = (params: Params): readonly string[] | undefined => {
  const given = params.filter(([name]) => name === COMMUNITY);
  const said = given.flatMap(([, value]) => splitEscaped(value, ',')).map((one) => communityOf(unescaped(one).trim()));
  return given.length === 0 ? undefined : said.filter((one) => one !== '');
};

export interface Meant {
  isMeant(community: string): boolean;
  /** What is to be said of the parameter. */
  readonly issues: readonly Issue[];
}

const plain = (name: string): string => name.normalize('NFKC').trim().toLowerCase();

/**
 * @param known whom we could ask
 * @throws FhirError `invalid` where the client wants to know that it was understood (`Prefer: handling=strict`)
 */
export const meantBy = (
  said: readonly string[] | undefined,
  known: readonly Known[],
  handling: 'strict' | 'lenient',
): Meant => {
  const of = (one: string) => known.filter(({ community, name }) => community === one || plain(name) === plain(one));
  const meant = new Set(said?.flatMap(of).map(({ community }) => community));
  const unknown = said?.filter((one) => of(one).length === 0).length ?? 0;
  const rules: [code: string, rule: string, then: string][] = [];
  if (said?.length === 0) rules.push(['not-supported', 'has no value', 'it was ignored']);
  // Not repeated, since it may be anything.
  if (unknown > 0)
    rules.push([
      'not-found',
      `names what is no community under a link contract with this region (${unknown} of ${said?.length})`,
      'nobody was asked in its place',
    ]);
  const diagnostics = (rule: string) => `search parameter ${COMMUNITY} ${rule}`;
  if (handling === 'strict' && rules.length > 0)
    throw new FhirError(
      'invalid',
      rules.map(([code, rule]) => ({ code, diagnostics: diagnostics(rule) })),
    );
  return {
    isMeant: (community) => !said?.length || meant.has(community),
    issues: rules.map(([code, rule, then]) => ({
      severity: 'warning',
      code,
      diagnostics: `${diagnostics(rule)}; ${then}`,
    })),
  };
};
