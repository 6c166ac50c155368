// From a verified assertion to what it claims.

import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children, elementsOf, trimmed } from '../xml/tree.ts';
import type { Coded, VerifiedClaims } from './claims.ts';
import { XUA_ATTRIBUTES } from './claims.ts';

export const claimsOf = (assertion: XmlElement, issuer: string): VerifiedClaims => {
  const attributes = children(assertion, 'AttributeStatement').flatMap((statement) => children(statement, 'Attribute'));
  /** An attribute that is stated twice says nothing: whoever reads the first and whoever reads the last would differ. */
  const value = (name: string): XmlElement | undefined => {
    const found = attributes.filter((one) => attribute(one, 'Name') === name);
    const values = found.flatMap((one) => children(one, 'AttributeValue'));
    return values.length === 1 ? values[0] : undefined;
  };
  return {
    assertionId: attribute(assertion, 'ID') ?? '',
    issuer,
    subject: trimmed(child(child(assertion, 'Subject'), 'NameID')) ?? '',
    subjectName: trimmed(value(XUA_ATTRIBUTES.subjectName)),
    organization: trimmed(value(XUA_ATTRIBUTES.organization)),
    organizationId: trimmed(value(XUA_ATTRIBUTES.organizationId)),
    facilityType: trimmed(value(XUA_ATTRIBUTES.facilityType)),
    role: codedOf(value(XUA_ATTRIBUTES.role)),
    purposeOfUse: codedOf(value(XUA_ATTRIBUTES.purposeOfUse)),
    homeCommunityId: trimmed(value(XUA_ATTRIBUTES.homeCommunityId)),
    resourceId: trimmed(value(XUA_ATTRIBUTES.resourceId)),
  };
};

const codedOf = (value: XmlElement | undefined): Coded | undefined => {
  const coded = value && elementsOf(value)[0];
  const code = attribute(coded, 'code');
  const codeSystem = attribute(coded, 'codeSystem');
  if (!code || !codeSystem) return undefined;
  return { code, codeSystem, displayName: attribute(coded, 'displayName') };
};
