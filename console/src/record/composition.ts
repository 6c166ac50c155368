// Sections of a document as text. https://hl7.org/fhir/R4/composition.html
import type { Resource } from '../api/client.ts';
import { type CodeableConcept, conceptText } from './fhir.ts';

export interface TextSection {
  readonly title: string;
  readonly text: string;
  readonly sections: readonly TextSection[];
}

interface FhirSection {
  readonly title?: string;
  readonly code?: CodeableConcept;
  readonly text?: { readonly div?: string };
  readonly entry?: readonly { readonly reference?: string; readonly display?: string }[];
  readonly section?: readonly FhirSection[];
}

/**
 * Sections of a Composition. `nameOf` says what an entry is, for sections whose narrative is empty or left out;
 * `narrative` turns the XHTML of a section into text.
 */
export const compositionSections = (
  composition: Resource,
  narrative: (div: string) => string,
  nameOf: (reference: string) => string | undefined,
): TextSection[] => {
  const sectionOf = ({ title, code, text, entry = [], section = [] }: FhirSection): TextSection => {
    const said = text?.div ? narrative(text.div) : '';
    const listed = entry.map(({ reference = '', display }) => display ?? nameOf(reference) ?? '').filter(Boolean);
    return {
      title: title ?? conceptText(code),
      text: said || listed.join('\n'),
      sections: section.map(sectionOf),
    };
  };
  return ((composition['section'] as FhirSection[]) ?? []).map(sectionOf);
};
