// What a Lambda is told. One schema for all; an entry picks the part it reads, and the CDK side must set exactly that
// (infra/constructs: `fn.addEnvironment('CLINICAL_TABLE' satisfies keyof Env, …)`).
import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));

export const Env = z.object({
  /** Name of the region file: `tokushima`. */
  REGION_NAME: text,
  /** OID, `urn:oid:` left out. */
  HOME_COMMUNITY_ID: text,
  /** Where clients reach the API, no slash at the end. */
  BASE_URL: text,
  CLINICAL_TABLE: text,
  REGISTRY_TABLE: text,
  AUDIT_TABLE: text,
  /** Binary and large bodies. */
  DOCUMENTS_BUCKET: text,
  /** What clients upload to be loaded. */
  UPLOADS_BUCKET: text,
  /** Object Lock archive: audit seals. */
  AUDIT_BUCKET: text,
  /** KMS key that wraps the region's data key. */
  DATA_KEY_ID: text,
  /** KMS asymmetric key (ECC_NIST_P256, SIGN_VERIFY) that signs access tokens. */
  TOKEN_KEY_ID: text,
  /** KMS asymmetric key (ECC_NIST_P256) that signs audit seals. */
  SEAL_KEY_ID: text,
  STAFF_POOL_ID: text,
  STAFF_CLIENT_ID: text,
  RESIDENTS_POOL_ID: text,
  RESIDENTS_CLIENT_ID: text,
  /** What other facilities may read where no consent says anything (infra/regions). */
  CONSENT_DEFAULT: z.enum(['implicit', 'own-facility', 'blanket', 'list', 'per-facility']),
  /** How long an emergency access lasts. */
  BREAK_GLASS_MINUTES: text,
  /** `true`: breaking the glass opens what the patient has denied outright. */
  GLASS_OVERRIDES_DENIAL: text,
  /** Types that must meet JP Core whatever they claim, by commas; `*`: all that it has a profile for. May be empty. */
  REQUIRE_JP_CORE: z.string(),
  /** Facility whose StructureDefinitions bind the region. May be empty. */
  PROFILE_PUBLISHER: z.string(),
  /** Requests a minute of one account: `system=12000,staff=1200,resident=600` (abuse/limiter.ts). May be empty. */
  RATE_LIMITS: z.string(),
});
export type Env = z.infer<typeof Env>;
export type EnvName = keyof Env;

/** Reads the named settings; a missing one stops the cold start with its name, not a request. */
export const readEnv = <K extends EnvName>(source: Record<string, string | undefined>, ...names: K[]): Pick<Env, K> => {
  const picked = Object.fromEntries(names.map((name) => [name, source[name]]));
  const missing = names.filter((name) => !picked[name]);
  if (missing.length > 0) throw new Error(`missing setting: ${missing.join(', ')}`);
  return picked as Pick<Env, K>;
};

/** Nothing is shared by a setting that is missing or mistyped. */
export const consentDefaultOf = (source: Record<string, string | undefined>): Env['CONSENT_DEFAULT'] =>
  CONSENT_DEFAULTS.find((name) => name === source['CONSENT_DEFAULT']) ?? 'own-facility';

const CONSENT_DEFAULTS = ['implicit', 'own-facility', 'blanket', 'list', 'per-facility'] as const;

/** Profiles of the region (functions/profiles/loaded.ts); without settings a resource is held to what it claims, and nothing else. */
export const profileSettingsOf = (
  source: Record<string, string | undefined>,
): { requireJpCore: boolean | readonly string[]; publisher: string | undefined } => {
  const required = source['REQUIRE_JP_CORE'] ?? '';
  return {
    requireJpCore: required === '*' || required.split(',').filter(Boolean),
    publisher: source['PROFILE_PUBLISHER'] || undefined,
  };
};
