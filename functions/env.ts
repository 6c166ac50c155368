// What a Lambda is told. One list for all; an entry reads the part that it needs, and the CDK side must set exactly that
// (infra/constructs: `fn.addEnvironment('CLINICAL_TABLE' satisfies EnvName, …)`). All are texts; the readers below say which may be
// empty and what a mistyped one means.

export interface Env {
  /** Name of the region file: `tokushima`. */
  readonly REGION_NAME: string;
  /** OID, `urn:oid:` left out. */
  readonly HOME_COMMUNITY_ID: string;
  /** Where clients reach the API, no slash at the end. */
  readonly BASE_URL: string;
  /** Other names of the same API, by commas, no slash at the end. May be empty. */
  readonly OTHER_BASE_URLS: string;
  readonly CLINICAL_TABLE: string;
  readonly REGISTRY_TABLE: string;
  readonly AUDIT_TABLE: string;
  /** Binary and large bodies. */
  readonly DOCUMENTS_BUCKET: string;
  /** What clients upload to be loaded. */
  readonly UPLOADS_BUCKET: string;
  /** Object Lock archive: audit seals. */
  readonly AUDIT_BUCKET: string;
  /** KMS key that wraps the region's data key. */
  readonly DATA_KEY_ID: string;
  /** KMS asymmetric key (ECC_NIST_P256, SIGN_VERIFY) that signs access tokens. */
  readonly TOKEN_KEY_ID: string;
  /** KMS asymmetric key (ECC_NIST_P256) that signs audit seals. */
  readonly SEAL_KEY_ID: string;
  readonly STAFF_POOL_ID: string;
  readonly STAFF_CLIENT_ID: string;
  readonly RESIDENTS_POOL_ID: string;
  readonly RESIDENTS_CLIENT_ID: string;
  /** What other facilities may read where no consent says anything (infra/regions). */
  readonly CONSENT_DEFAULT: string;
  /** How long an emergency access lasts. */
  readonly BREAK_GLASS_MINUTES: string;
  /** `true`: breaking the glass opens what the patient has denied outright. */
  readonly GLASS_OVERRIDES_DENIAL: string;
  /** SNS topic that mails privacy officers of facilities: ARN. Only for who fills or reads it. */
  readonly OFFICERS_TOPIC: string;
  /** Of the console, no slash at the end. */
  readonly CONSOLE_URL: string;
  /** Age from which a minor sees and consents alone; empty: 18. */
  readonly MATURE_MINOR_AGE: string;
  /** Types that must meet JP Core whatever they claim, by commas; `*`: all that it has a profile for. May be empty. */
  readonly REQUIRE_JP_CORE: string;
  /** Facility whose StructureDefinitions bind the region. May be empty. */
  readonly PROFILE_PUBLISHER: string;
  /** Requests a minute of one account: `system=12000,staff=1200,resident=600` (abuse/limiter.ts). May be empty. */
  readonly RATE_LIMITS: string;
  /** Yen for a US dollar and the day of that rate: `152.5@2026-10-01`. May be empty. */
  readonly YEN_PER_USD: string;
}
export type EnvName = keyof Env;

/** Reads the named settings; a missing one stops the cold start with its name, not a request. */
export const readEnv = <K extends EnvName>(source: Record<string, string | undefined>, ...names: K[]): Pick<Env, K> => {
  const picked = Object.fromEntries(names.map((name) => [name, source[name]]));
  const missing = names.filter((name) => !picked[name]);
  if (missing.length > 0) throw new Error(`missing setting: ${missing.join(', ')}`);
  return picked as Pick<Env, K>;
};

const CONSENT_DEFAULTS = ['implicit', 'own-facility', 'blanket', 'list', 'per-facility'] as const;

/** Nothing is shared by a setting that is missing or mistyped. */
export const consentDefaultOf = (source: Record<string, string | undefined>): (typeof CONSENT_DEFAULTS)[number] =>
  CONSENT_DEFAULTS.find((name) => name === source['CONSENT_DEFAULT']) ?? 'own-facility';

/** What the page of usage and cost reckons with; undefined: its own round figure. */
export const yenPerUsdOf = (
  source: Record<string, string | undefined>,
): { readonly rate: number; readonly asOf: string } | undefined => {
  const [, rate, asOf] = /^(\d+(?:\.\d+)?)@(\d{4}-\d{2}-\d{2})$/.exec(source['YEN_PER_USD'] ?? '') ?? [];
  return rate !== undefined && asOf !== undefined ? { rate: Number(rate), asOf } : undefined;
};

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
