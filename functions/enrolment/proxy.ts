// Proxies 代理人: who may act for whom, why, and until when. FHIR RelatedPerson (https://hl7.org/fhir/R4/relatedperson.html) in the
// partition of the one who is acted for, owned by the region.

import * as z from 'zod/mini';
import { refuse } from '../fhir/outcome.ts';
import { instantInJapan, isMinor, MAJORITY, turns } from './age.ts';
import { Day, Evidence } from './form.ts';
import { KINDS, type Kind, PROXY, type RelatedPerson } from './proxy-right.ts';

export const ProxyForm = z.strictObject({
  /** Person who acts. */
  by: z.string().check(z.regex(/^[A-Za-z0-9\-.]{1,64}$/, 'must be the id of a Person')),
  kind: z.enum(KINDS),
  /** What the right rests on: a register, a court's decision with its number, a letter of attorney. */
  basis: z.string().check(z.trim(), z.minLength(4, 'must say what the right rests on'), z.maxLength(300)),
  /** Last day. Adults need one; parents' rights end at 18 in any case. */
  until: z.optional(Day),
  evidence: Evidence,
});
export type ProxyForm = z.infer<typeof ProxyForm>;

/** http://terminology.hl7.org/CodeSystem/v3-RoleCode */
const ROLE_CODES: Record<Kind, readonly [string, string]> = {
  parent: ['PRN', '親権者'],
  'guardian-of-minor': ['GUARD', '未成年後見人'],
  'adult-guardian': ['GUARD', '成年後見人'],
  family: ['FAMMEMB', '家族'],
  delegate: ['POWATT', '任意代理人'],
};

/** The instant at which the right ends, ms. Refuses what the law or the form does not bear. */
export const proxyEnds = (
  { kind, until }: Pick<ProxyForm, 'kind' | 'until'>,
  birthDate: string,
  now: number,
): number => {
  const minor = isMinor(birthDate, now);
  if (!minor && (kind === 'parent' || kind === 'guardian-of-minor'))
    throw refuse('unprocessable', `kind: the rights of parents and guardians of minors end at ${MAJORITY}`, 'kind');
  if (minor && kind === 'delegate')
    throw refuse('unprocessable', 'kind: a minor cannot give a letter of attorney', 'kind');
  if (!minor && until === undefined)
    throw refuse('unprocessable', 'until: a proxy of an adult needs a last day', 'until');
  // The last day counts whole: the right ends when it does, in Japan.
  const lastDay = until === undefined ? Number.POSITIVE_INFINITY : turns(until, 0) + 86_400_000;
  const ends = Math.min(lastDay, minor ? turns(birthDate, MAJORITY) : Number.POSITIVE_INFINITY);
  if (ends <= now) throw refuse('unprocessable', 'until: the last day is over', 'until');
  return ends;
};

export interface ProxyOf {
  readonly patient: string;
  readonly form: ProxyForm;
  readonly ends: number;
  readonly now: number;
  readonly office: string | undefined;
  readonly name: unknown;
}

export const relatedPerson = ({ patient, form, ends, now, office, name }: ProxyOf): RelatedPerson => {
  const [code, text] = ROLE_CODES[form.kind];
  return {
    resourceType: 'RelatedPerson',
    active: true,
    patient: { reference: `Patient/${patient}` },
    relationship: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code }], text }],
    ...(name !== undefined && { name }),
    period: { start: instantInJapan(now), end: instantInJapan(ends) },
    extension: [
      {
        url: PROXY,
        extension: [
          { url: 'kind', valueCode: form.kind },
          { url: 'person', valueString: form.by },
          { url: 'basis', valueString: form.basis },
          { url: 'evidence', valueString: JSON.stringify(form.evidence) },
          ...(office === undefined ? [] : [{ url: 'office', valueString: office }]),
        ],
      },
    ],
  };
};
