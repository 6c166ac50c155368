// XDSDocumentEntry: https://profiles.ihe.net/ITI/TF/Volume3/ch-4.2.html

export interface Code {
  readonly code: string;
  /** OID or name of the coding scheme. */
  readonly scheme: string;
  readonly display?: string | undefined;
}

export interface DocumentAuthor {
  /** XCN: `id^family^given`, or as little of it as is known. */
  readonly person?: string | undefined;
  readonly institutions: readonly string[];
  readonly roles: readonly string[];
  readonly specialties: readonly string[];
}

export interface DocumentEntry {
  /** `urn:uuid:…` */
  readonly entryUuid: string;
  /** OID, or `urn:…`. */
  readonly uniqueId: string;
  readonly repositoryUniqueId: string;
  /** `urn:oid:…` of the community that keeps it. */
  readonly home: string;
  /** CX: `number^^^&oid&ISO`. */
  readonly patientId: string;
  readonly status: 'Approved' | 'Deprecated';
  /** Made when it is retrieved; then it has neither size, hash nor creation time. */
  readonly onDemand: boolean;
  readonly mimeType: string;
  readonly title?: string | undefined;
  readonly comments?: string | undefined;
  /** DTM, UTC: `20261122010203`. */
  readonly creationTime?: string | undefined;
  readonly serviceStartTime?: string | undefined;
  readonly serviceStopTime?: string | undefined;
  /** SHA-1, hexadecimal. */
  readonly hash?: string | undefined;
  readonly size?: number | undefined;
  readonly languageCode?: string | undefined;
  readonly sourcePatientId?: string | undefined;
  readonly sourcePatientInfo: readonly string[];
  readonly authors: readonly DocumentAuthor[];
  readonly classCode?: Code | undefined;
  readonly typeCode?: Code | undefined;
  readonly formatCode?: Code | undefined;
  readonly facilityTypeCode?: Code | undefined;
  readonly practiceSettingCode?: Code | undefined;
  readonly confidentialityCodes: readonly Code[];
  readonly eventCodes: readonly Code[];
}

/** ITI TF-3 table 4.2.4.1-2, those that gateways answer with. */
export type XdsErrorCode =
  | 'XDSUnknownCommunity'
  | 'XDSMissingHomeCommunityId'
  | 'XDSUnknownPatientId'
  | 'XDSUnavailableCommunity'
  | 'XDSDocumentUniqueIdError'
  | 'XDSUnknownRepositoryId'
  | 'XDSUnknownStoredQuery'
  | 'XDSStoredQueryMissingParam'
  | 'XDSStoredQueryParamNumber'
  | 'XDSTooManyResults'
  | 'XDSRegistryError'
  | 'XDSRepositoryError'
  | 'XDSRegistryBusy'
  | 'XDSRepositoryBusy';

export interface XdsError {
  readonly code: XdsErrorCode | string;
  /** What rule was broken; never a value. */
  readonly context: string;
  readonly severity: 'Error' | 'Warning';
  /** The community that it is about. */
  readonly location?: string | undefined;
}

export const xdsError = (code: XdsErrorCode, context: string, location?: string): XdsError => ({
  code,
  context,
  severity: 'Error',
  location,
});
