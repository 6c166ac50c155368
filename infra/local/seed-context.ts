// What `npm start` hands to the seeds (infra/local/demo): everything about one running region, nothing hidden.

export interface SeedContext {
  /** Name of the region file: `tokushima`. */
  readonly region: string;
  /** AWS region of the stage: `ap-northeast-1`. */
  readonly awsRegion: string;
  /** Where the region's API listens, no slash at the end. */
  readonly baseUrl: string;
  /** The settings of all the region's functions together (functions/env.ts), with local names and addresses. */
  readonly settings: Readonly<Record<string, string>>;
  /** The operator's `AWS_…` variables: credentials that may do everything, region, `AWS_ENDPOINT_URL_<SERVICE>`. */
  readonly aws: Readonly<Record<string, string>>;
  /** A folder of this region for what the seeds must remember (private keys of the demo systems, second factors). */
  readonly dataDir: string;
  /** One line for the person at the terminal. */
  readonly say: (line: string) => void;
}

/** Both must be safe to run again on a region that is seeded already. */
export type Seed = (context: SeedContext) => Promise<void>;
