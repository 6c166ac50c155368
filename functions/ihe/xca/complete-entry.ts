// XDS wants of every document what a DocumentReference may leave out. What the facility did not say is said to be unknown; what follows
// from the document itself is filled in: https://profiles.ihe.net/ITI/TF/Volume3/ch-4.2.html, table 4.3.1-3 (responding actors)
import type { Code, DocumentEntry } from './entry.ts';

const UNKNOWN: Code = { code: 'UNK', scheme: '2.16.840.1.113883.5.1008', display: 'Unknown' };
const NORMAL: Code = { code: 'N', scheme: '2.16.840.1.113883.5.25', display: 'normal' };
/** https://profiles.ihe.net/fhir/ihe.formatcode.fhir/: the media type says all that there is to say. */
const BY_MEDIA_TYPE: Code = {
  code: 'urn:ihe:iti:xds:2017:mimeTypeSufficient',
  scheme: '1.3.6.1.4.1.19376.1.2.3',
  display: 'mimeType Sufficient',
};

export const completeEntry = (entry: DocumentEntry): DocumentEntry => ({
  ...entry,
  languageCode: entry.languageCode ?? 'ja-JP',
  classCode: entry.classCode ?? entry.typeCode ?? UNKNOWN,
  typeCode: entry.typeCode ?? UNKNOWN,
  formatCode: entry.formatCode ?? BY_MEDIA_TYPE,
  facilityTypeCode: entry.facilityTypeCode ?? UNKNOWN,
  practiceSettingCode: entry.practiceSettingCode ?? UNKNOWN,
  confidentialityCodes: entry.confidentialityCodes.length > 0 ? entry.confidentialityCodes : [NORMAL],
});
