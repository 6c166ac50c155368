// Status and errors, which every answer of XDS and XCA has: https://profiles.ihe.net/ITI/TF/Volume3/ch-4.2.html#4.2.4

import type { XmlElement } from '../xml/tree.ts';
import { attribute, child, children } from '../xml/tree.ts';
import type { Markup } from '../xml/write.ts';
import { element } from '../xml/write.ts';
import type { XdsError } from './entry.ts';
import { RS_NS } from './slots.ts';

const STATUS = 'urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:';
const PARTIAL = 'urn:ihe:iti:2007:ResponseStatusType:PartialSuccess';
const SEVERITY = 'urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:';

/** All went well, something did, or nothing. Warnings change nothing. */
export const statusOf = (delivered: number, errors: readonly XdsError[]): string =>
  errors.every(({ severity }) => severity === 'Warning')
    ? `${STATUS}Success`
    : delivered > 0
      ? PARTIAL
      : `${STATUS}Failure`;

export const writeErrors = (errors: readonly XdsError[]): Markup | undefined =>
  errors.length === 0
    ? undefined
    : element(
        'rs:RegistryErrorList',
        { highestSeverity: `${SEVERITY}${errors.some(({ severity }) => severity === 'Error') ? 'Error' : 'Warning'}` },
        errors.map(({ code, context, severity, location }) =>
          element('rs:RegistryError', {
            codeContext: context,
            errorCode: code,
            severity: `${SEVERITY}${severity}`,
            location,
          }),
        ),
      );

export const readErrors = (response: XmlElement | undefined): XdsError[] =>
  children(child(response, 'RegistryErrorList', RS_NS), 'RegistryError').map((error) => ({
    code: attribute(error, 'errorCode') ?? 'XDSRegistryError',
    context: attribute(error, 'codeContext') ?? '',
    severity: attribute(error, 'severity') === `${SEVERITY}Warning` ? 'Warning' : 'Error',
    location: attribute(error, 'location') || undefined,
  }));

export type Status = 'Success' | 'PartialSuccess' | 'Failure';

/** Anything that is not one of the first two is a failure. */
export const readStatus = (response: XmlElement | undefined): Status => {
  const status = attribute(response, 'status');
  return status === `${STATUS}Success` ? 'Success' : status === PARTIAL ? 'PartialSuccess' : 'Failure';
};
