// Sections of documents as text: of a Composition, of a FHIR document, of CDA. Markup of others is never put into the page.
import type { ReactNode } from 'react';
import { matchesOf, type Resource } from '../api/client.ts';
import { linesOf } from './cda.ts';
import { compositionSections, type TextSection } from './composition.ts';
import styles from './record.module.css';
import { chartOf } from './record.ts';

export const Sections = ({ sections }: { readonly sections: readonly TextSection[] }): ReactNode =>
  sections.map(({ title, text, sections: inner }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: sections may be called alike
    <section key={index}>
      <h3>{title}</h3>
      <p className={styles.text}>{text}</p>
      <Sections sections={inner} />
    </section>
  ));

/** A document that is parsed and never shown: no script of it runs, and nothing that it names is loaded. */
export const narrative = (div: string): string => linesOf(new DOMParser().parseFromString(div, 'text/html').body);

/** What the sections of a Composition say; entries by the names that the chart has for them. */
export const sectionsOf = (
  composition: Resource,
  resources: readonly Resource[],
  urls?: ReadonlyMap<string, Resource>,
): TextSection[] => {
  const { timeline, problems, allergies, medicines } = chartOf('', resources);
  const names = new Map(
    [...timeline, ...problems, ...allergies, ...medicines].map(({ resource, title, detail, date }) => [
      resource,
      [title, detail, date?.slice(0, 10)].filter(Boolean).join(' '),
    ]),
  );
  const byReference = new Map(resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  return compositionSections(composition, narrative, (reference) => {
    const found = urls?.get(reference) ?? byReference.get(/[A-Z]\w+\/[A-Za-z0-9.-]+$/.exec(reference)?.[0] ?? '');
    return found && names.get(found);
  });
};

/** https://hl7.org/fhir/R4/documents.html; undefined: it is none. */
export const fhirDocument = (text: string): readonly TextSection[] | undefined => {
  let bundle: Resource & { type?: string; entry?: { fullUrl?: string; resource?: Resource }[] };
  try {
    bundle = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (bundle?.resourceType !== 'Bundle' || bundle.type !== 'document') return undefined;
  const resources = matchesOf({ ...bundle, type: 'document' });
  const [composition] = resources;
  if (composition?.resourceType !== 'Composition') return undefined;
  const urls = new Map(
    (bundle.entry ?? []).flatMap(({ fullUrl, resource }) =>
      fullUrl && resource ? [[fullUrl, resource] as const] : [],
    ),
  );
  return sectionsOf(composition, resources, urls);
};
