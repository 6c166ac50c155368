// What a region file may say. A municipal engineer edits these files, so every message says which rule was broken and
// names the thing in Japanese too. The files are read by read-regions.ts.
import * as z from 'zod';

/** Regions of AWS inside Japan: Tokyo and Osaka. Patients' data stay there (design section 3). */
export const JAPAN = ['ap-northeast-1', 'ap-northeast-3'] as const;

/** Days that CloudWatch Logs accepts as a retention period, from one month up. */
const RETENTION_DAYS = [30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

const text = (what: string) => z.string(`must be text: ${what}`).regex(/\S/, `must not be empty: ${what}`);

const whole = (what: string, least: number, most: number) =>
  z
    .int(`must be a whole number: ${what}`)
    .min(least, `must be at least ${least}: ${what}`)
    .max(most, `must be at most ${most}: ${what}`);

const hostname = z
  .string('must be text: a host name (ホスト名)')
  .regex(
    /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
    'must be a host name in lower case without "https://" (ホスト名), for example "api.ehr.example.jp"',
  );

const certificateArn = z
  .string('must be text: the ARN of a certificate (証明書)')
  .regex(
    /^arn:aws:acm:[a-z0-9-]+:[0-9]{12}:certificate\/[0-9a-f-]{36}$/,
    'must be the ARN of a certificate in AWS Certificate Manager (証明書のARN), "arn:aws:acm:<region>:<account>:certificate/…"',
  );

/** A group of settings in braces. */
const group = <Shape extends z.ZodRawShape>(what: string, shape: Shape) =>
  z.strictObject(shape, `must be a group of settings in braces { }: ${what}`);

const Domain = group('host name and certificate (ホスト名と証明書)', { name: hostname, certificateArn });

const MtlsDomain = group('host name for mutual TLS (相互TLS)', {
  name: hostname,
  certificateArn,
  /** PEM file with the certificate authorities that are trusted. */
  truststore: z
    .string('must be text: the S3 address of the trust store (信頼するCA証明書)')
    .regex(/^s3:\/\/[a-z0-9.-]{3,63}\/.+\.pem$/, 'must look like "s3://bucket/path/truststore.pem" (信頼するCA証明書)'),
  /** S3 version of that file: a new version is only taken when it is written here. */
  truststoreVersion: text('the S3 version of the trust store (信頼するCA証明書の版)').optional(),
});

const JP_CORE_TYPES =
  'must be true, false or a list of resource types that JP Core has a profile for, ["Patient", "Observation"] (JP Coreを必須とするリソース)';

/** Types that JP Core 1.2.0 has one profile for that fits all of them (functions/profiles/jp-core/index.ts). */
export const WITH_JP_CORE =
  `AllergyIntolerance CarePlan Condition Consent Coverage Device DiagnosticReport DocumentReference Encounter FamilyMemberHistory
  Immunization Location Medication MedicationAdministration MedicationDispense MedicationRequest MedicationStatement Observation
  Organization Patient Practitioner PractitionerRole Procedure RelatedPerson ResearchStudy ResearchSubject ServiceRequest Specimen`.split(
    /\s+/,
  );

/** Region and account of a certificate. */
const placeOf = (arn: string) => arn.split(':').slice(3, 5);

export const RegionFile = z
  .strictObject(
    {
      /** Name of the region in stack names and URLs; the same as the file's. */
      name: z
        .string('must be text: the name of the region (地域名)')
        .regex(
          /^[a-z][a-z0-9]{1,19}$/,
          'must be 2 to 20 small letters a-z and digits, starting with a letter (地域名・英小文字)',
        ),
      title: group('titles (名称)', {
        ja: text('the title in Japanese (日本語の名称)'),
        en: text('the title in English (英語の名称)'),
      }),
      /** JIS X 0401 code, part of facility codes. */
      prefecture: z
        .string('must be text: the prefecture code (都道府県コード), for example "36"')
        .regex(/^(0[1-9]|[1-3][0-9]|4[0-7])$/, 'must be a prefecture code from "01" to "47" (都道府県コード)'),
      homeCommunityId: z
        .string('must be text: the OID of the region (地域のOID)')
        .max(64, 'must have at most 64 characters (地域のOID)')
        .regex(
          /^([01]\.[1-3]?[0-9]|2\.(0|[1-9][0-9]*))(\.(0|[1-9][0-9]*))*$/,
          'must be an OID: digits and dots without "urn:oid:" (地域のOID), for example "2.999.36.1"',
        ),
      awsRegion: z
        .string('must be text: the region of AWS (AWSリージョン)')
        .regex(
          /^[a-z]{2}(-[a-z]+)+-[0-9]$/,
          'must be a region of AWS (AWSリージョン): "ap-northeast-1" (Tokyo) or "ap-northeast-3" (Osaka)',
        ),
      outsideJapanReason: text('why data may leave Japan (国外に置く理由)').optional(),
      account: z
        .string('must be text in quotes: the AWS account (AWSアカウント)')
        .regex(/^[0-9]{12}$/, 'must be the 12 digits of an AWS account in quotes (AWSアカウント)')
        .optional(),
      domain: Domain.optional(),
      mtlsDomain: MtlsDomain.optional(),
      /** Of the console; its certificate stands in us-east-1, where CloudFront looks for it. */
      consoleDomain: Domain.optional(),
      /** Left out: nobody signs in by a passkey. What it costs and how it is kept from being a way around the second factor: docs/security.md. */
      passkeys: group('passkeys (パスキー)', {
        /** "residents" puts their pool into Cognito's Essentials plan. */
        for: z
          .array(
            z.enum(['staff', 'residents'], 'must be "staff" (職員) or "residents" (住民): who may use passkeys'),
            'must be a list: ["staff", "residents"] (パスキーを使える人)',
          )
          .min(1, 'must name "staff" (職員), "residents" (住民) or both'),
        /** Of a region that is only tried on one machine: passkeys belong to a host name, here that of the machine itself. */
        localhost: z.boolean('must be true or false: whether the console is at http://localhost (試用)').optional(),
      }).optional(),
      /** From where invitations and codes come, through Amazon SES. Left out: Cognito sends them, at most 50 a day. */
      mailFrom: z
        .email('must be an e-mail address (差出人メールアドレス): one that Amazon SES of this AWS region has verified')
        .optional(),
      alarmEmail: z.email('must be an e-mail address (通知先メールアドレス)').optional(),
      monthlyBudgetUsd: whole('the monthly budget in US dollars (月額予算)', 1, 1_000_000),
      logRetentionDays: z
        .int('must be a whole number: days that logs are kept (ログ保存日数)')
        .refine((days) => RETENTION_DAYS.includes(days), {
          error: `must be one of ${RETENTION_DAYS.join(', ')}: days that logs are kept (ログ保存日数)`,
        }),
      audit: group('audit archive (監査証跡)', {
        /** COMPLIANCE can be shortened by nobody, not even by AWS; GOVERNANCE by an administrator with a special right. */
        lockMode: z.enum(['GOVERNANCE', 'COMPLIANCE'], 'must be "GOVERNANCE" or "COMPLIANCE" (監査証跡のロック方式)'),
        /** 医師法24条 keeps records for five years: who has read them is known no shorter (domain.md 4.2). */
        lockYears: whole('years that the audit archive is locked (監査証跡の保存年数)', 5, 30),
      }),
      throttling: group('limits of requests (流量制限)', {
        rate: whole('requests per second on average (毎秒の要求数)', 1, 10_000),
        burst: whole('requests at once (瞬間の要求数)', 1, 5_000),
      }),
      /** Requests a minute of one account; left out: functions/abuse/limiter.ts. */
      rateLimits: group('requests a minute of one account (アカウント毎の流量制限)', {
        system: whole('requests a minute of a system (システム)', 60, 1_000_000).optional(),
        staff: whole('requests a minute of a member of staff (職員)', 60, 1_000_000).optional(),
        resident: whole('requests a minute of a resident (住民)', 60, 1_000_000).optional(),
      }).optional(),
      /** What the page of usage and cost reckons with. Left out: a round figure (functions/tenants/prices.ts). */
      yenPerUsd: group('yen for a US dollar (円ドル換算)', {
        rate: z
          .number('must be a number: yen for a US dollar (為替レート)')
          .min(50, 'must be at least 50: yen for a US dollar (為替レート)')
          .max(500, 'must be at most 500: yen for a US dollar (為替レート)'),
        asOf: z.iso.date('must be a day: when that was the rate (レートの日付)'),
      }).optional(),
      consentDefault: z.enum(
        ['implicit', 'own-facility', 'blanket', 'list', 'per-facility'],
        'must be "implicit" (黙示の同意), "own-facility" (自施設のみ), "blanket" (一括同意), "list" (リスト指定) or "per-facility" (施設ごと) (同意の既定)',
      ),
      /** How long an emergency access lasts. Left out: 30. */
      breakGlassMinutes: whole('minutes that an emergency access lasts (緊急時閲覧の分数)', 5, 240).optional(),
      /** Left out: what the patient has denied outright stays closed in an emergency too. */
      breakGlassOverridesDenial: z
        .boolean('must be true or false: whether breaking the glass opens what the patient has denied (拒否の上書き)')
        .optional(),
      /** From when a minor has an own account, sees and consents alone (docs/enrolment.md, "Mature minors"). Left out: from 18 on. */
      matureMinorAge: z
        .union(
          [z.literal(15), z.literal(16)],
          'must be 15 or 16 without quotes: the age from which a minor sees and consents alone (未成年者が単独で閲覧・同意できる年齢); leave it out where nobody under 18 does',
        )
        .optional(),
      /** What must meet its JP Core profile whatever it claims. Left out: only what claims one. */
      requireJpCore: z.union([z.boolean(), z.array(z.enum(WITH_JP_CORE))], JP_CORE_TYPES).optional(),
      /** The facility (the operator's office, as a rule) whose StructureDefinitions bind everybody: npm run load-package. */
      profilePublisher: z
        .string('must be text in quotes: the code of a facility (機関コード)')
        .regex(/^[0-9]{10}$/, 'must be the 10 digits of a facility in quotes (プロファイルを登録する機関のコード)')
        .optional(),
      /** 3 USD a month each, but for the first three of an account. */
      dashboard: z.boolean('must be true or false: a CloudWatch dashboard (ダッシュボード)').optional(),
      /** Concurrent executions kept for a function. An account's own limit must leave 100 besides. */
      reservedConcurrency: z
        .partialRecord(
          z.enum(['fhir-api', 'token', 'bulk-load'], 'must be "fhir-api", "token" or "bulk-load" (関数名)'),
          whole('concurrent executions (同時実行数)', 1, 10_000),
        )
        .optional(),
    },
    'must be a group of settings in braces { } (設定は { } の中)',
  )
  .superRefine(({ awsRegion, account, domain, mtlsDomain, consoleDomain }, context) => {
    const say = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    const named = Object.entries({ domain, mtlsDomain, consoleDomain }).flatMap(([key, given]) =>
      given ? [{ key, ...given }] : [],
    );
    for (const [index, { key, name, certificateArn }] of named.entries()) {
      const twin = named.slice(0, index).find((other) => other.name === name);
      if (twin)
        say([key, 'name'], `is the name of "${twin.key}" too (ホスト名の重複): each needs a host name of its own`);
      const [region, owner] = placeOf(certificateArn);
      if (key !== 'consoleDomain' && region !== awsRegion)
        say(
          [key, 'certificateArn'],
          `must be a certificate in ${awsRegion}, as the API is (APIと同じリージョンの証明書)`,
        );
      if (account !== undefined && owner !== account)
        say([key, 'certificateArn'], `must be a certificate of the account ${account} (このAWSアカウントの証明書)`);
    }
  })
  .refine((region) => region.outsideJapanReason !== undefined || JAPAN.some((inside) => inside === region.awsRegion), {
    path: ['awsRegion'],
    error:
      'lies outside Japan (日本国外): use "ap-northeast-1" (Tokyo) or "ap-northeast-3" (Osaka), or say in "outsideJapanReason" (国外に置く理由) why patients\' data may leave the country',
  })
  .refine((region) => region.consoleDomain?.certificateArn.startsWith('arn:aws:acm:us-east-1:') ?? true, {
    path: ['consoleDomain', 'certificateArn'],
    error: 'must be a certificate in us-east-1 (バージニア北部の証明書): CloudFront takes certificates from there only',
  })
  .refine((region) => !region.passkeys || region.consoleDomain !== undefined || region.passkeys.localhost === true, {
    path: ['passkeys'],
    error:
      'needs "consoleDomain" (コンソールのドメイン): a passkey belongs to one host name for ever; only a region that runs on one machine says "localhost": true instead',
  })
  .refine(
    ({ passkeys, account, domain, consoleDomain }) =>
      passkeys?.localhost !== true || [account, domain, consoleDomain].every((given) => given === undefined),
    {
      path: ['passkeys', 'localhost'],
      error: 'is for a region that runs on one machine (試用のみ): leave it out where there is an account or a domain',
    },
  )
  .refine((region) => region.mtlsDomain === undefined || region.domain !== undefined, {
    path: ['mtlsDomain'],
    error:
      'needs "domain" too (相互TLSのドメイン): mutual TLS binds a whole host name, and browsers cannot use that one; give the ordinary host name in "domain"',
  });
export type RegionFile = z.infer<typeof RegionFile>;

/** The host name that passkeys of a region belong to (https://www.w3.org/TR/webauthn-3/#relying-party-identifier). */
export const relyingPartyOf = ({ consoleDomain }: RegionFile): string => consoleDomain?.name ?? 'localhost';
