// References: https://hl7.org/fhir/R4/references.html
import { referencedType } from '../path/navigate.ts';
import { isResourceType } from '../resource-types.ts';

/** How a Reference.reference is written, and the type that it names. */
export interface ReferenceText {
  readonly kind: 'contained' | 'container' | 'relative' | 'absolute' | 'conditional' | 'wrong';
  readonly type: string | undefined;
}

const RELATIVE = /^([A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?$/;

export const readReference = (text: string): ReferenceText => {
  if (text === '#') return { kind: 'container', type: undefined };
  if (text.startsWith('#')) return { kind: 'contained', type: undefined };
  const relative = RELATIVE.exec(text)?.[1];
  if (relative)
    return isResourceType(relative) ? { kind: 'relative', type: relative } : { kind: 'wrong', type: undefined };
  const conditional = /^([A-Z][A-Za-z]+)\?\S+$/.exec(text)?.[1];
  if (isResourceType(conditional)) return { kind: 'conditional', type: conditional };
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(text)) return { kind: 'wrong', type: undefined };
  return { kind: 'absolute', type: /^https?:/.test(text) ? referencedType(text) : undefined };
};
