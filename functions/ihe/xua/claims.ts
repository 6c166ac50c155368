// What a Cross-Enterprise User Assertion says: IHE ITI TF-2 3.40 (XUA) with the XSPA attributes, https://profiles.ihe.net/ITI/TF/Volume2/ITI-40.html

export interface Coded {
  readonly code: string;
  /** OID. */
  readonly codeSystem: string;
  readonly displayName?: string | undefined;
}

export interface XuaClaims {
  /** Who vouches: the region's URI, under which its partner keeps the certificate. */
  readonly issuer: string;
  /** Opaque name of the user at the issuer. */
  readonly subject: string;
  readonly subjectName: string | undefined;
  readonly organization: string | undefined;
  readonly organizationId: string | undefined;
  /** What kind of facility that is, between regions on this software: a person may have said no to a kind. */
  readonly facilityType?: string | undefined;
  readonly role: Coded | undefined;
  readonly purposeOfUse: Coded | undefined;
  /** `urn:oid:…` */
  readonly homeCommunityId: string | undefined;
  /** The patient that this is about, in CX form, if the assertion is for one only. */
  readonly resourceId: string | undefined;
}

/** As `verifyAssertion` gives them. */
export interface VerifiedClaims extends XuaClaims {
  readonly assertionId: string;
}

/** Attribute names: XSPA profile of SAML, ITI TF-2 3.40.4.1.2. */
export const XUA_ATTRIBUTES = {
  subjectName: 'urn:oasis:names:tc:xspa:1.0:subject:subject-id',
  organization: 'urn:oasis:names:tc:xspa:1.0:subject:organization',
  organizationId: 'urn:oasis:names:tc:xspa:1.0:subject:organization-id',
  role: 'urn:oasis:names:tc:xacml:2.0:subject:role',
  purposeOfUse: 'urn:oasis:names:tc:xspa:1.0:subject:purposeofuse',
  homeCommunityId: 'urn:ihe:iti:xca:2010:homeCommunityId',
  resourceId: 'urn:oasis:names:tc:xacml:2.0:resource:resource-id',
  /** Ours. */
  facilityType: 'urn:tsumugi:facility-type',
} as const;

export const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
export const HOLDER_OF_KEY = 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key';
export const DSIG_NS = 'http://www.w3.org/2000/09/xmldsig#';
export const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
export const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
export const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';

/** Purpose of use, HL7 v3: https://terminology.hl7.org/CodeSystem-v3-ActReason.html */
export const PURPOSE_OF_USE = '2.16.840.1.113883.5.8';
