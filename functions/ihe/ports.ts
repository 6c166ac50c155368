// What the IHE faces need of the cores behind them. They translate messages and decide nothing: identity (PatientIndex),
// federation (DocumentGateway, Discovery) and the keys (Assertions) implement these.

// ── Assertions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
/** An RSA key with its certificate: KMS in AWS, a key of Node's in tests. */
export interface AssertionSigner {
  /** PEM. */
  readonly certificate: string;
  /** RSASSA-PKCS1-v1_5 with SHA-256 over these octets. */
  readonly sign: (octets: Uint8Array) => Promise<Uint8Array>;
}

export interface TrustedIssuers {
  /** Certificates (PEM) of an active link contract; two while a key is rotated, none for a stranger. */
  readonly certificatesOf: (issuer: string) => Promise<readonly string[]>;
}

export interface ReplayGuard {
  /** True once for each use until the time given (ms); a conditional write in AWS. */
  readonly firstUse: (use: string, until: number) => Promise<boolean>;
}
