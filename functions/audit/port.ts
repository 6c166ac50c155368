// The audit trail as the rest of the system sees it: written before the answer leaves (design section 6).

export interface AuditRecord {
  /** https://hl7.org/fhir/R4/valueset-audit-event-action.html */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
  /** FHIR interaction: `read`, `search-type`, `transaction`, `$everything`, … */
  readonly interaction: string;
  readonly actor: string;
  readonly actorKind: 'staff' | 'system' | 'resident' | 'anonymous';
  readonly role: string;
  readonly facility: string | undefined;
  readonly tokenId: string;
  readonly purpose: string;
  readonly requestId: string;
  /** Opaque partition key of the patient whose data was shown or changed; one record each. Undefined: no patient's data. */
  readonly patientKey: string | undefined;
  /** Logical references, at most 20 (`Observation/x`); `count` says how many there were. */
  readonly entities: readonly string[];
  readonly count: number;
  /** https://hl7.org/fhir/R4/valueset-audit-event-outcome.html */
  readonly outcome: '0' | '4' | '8' | '12';
  /** HTTP status of the answer. */
  readonly status: number;
  /** Classes of the data that were shown or changed (search/data-class.ts), where they are known. */
  readonly classes?: readonly string[] | undefined;
  /** Break-glass: the case under which this person's data were shown, and why, in the words of who asked. */
  readonly grant?: string | undefined;
  readonly reason?: string | undefined;
  /** Other regions were asked too. */
  readonly via?: 'federation' | undefined;
}

export interface Audit {
  /** Resolves when every record is stored; rejects (FhirError `unavailable`) when one could not be, and the answer must not leave. */
  record(records: readonly AuditRecord[]): Promise<void>;
}
