// What of a person may be told to another region to find them there (consent/cross-region.ts).
import { expect, it } from 'vitest';
import { assertEnforceable, compilePolicy } from '../../../functions/consent/compile.ts';
import { sharingOf } from '../../../functions/consent/cross-region.ts';
import { CLOSED, OPEN } from '../../../functions/consent/policy.ts';
import { consent, facilityActor } from '../../support/consents.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z');
const region = (code: string) => ({
  role: { coding: [{ system: 'urn:tsumugi:community', code }] },
  reference: { display: code },
});
const sharing = (provisions: object[], more: Partial<Parameters<typeof sharingOf>[0]> = {}) =>
  sharingOf({
    policy: compilePolicy(provisions.map((provision) => consent('p', provision))) ?? OPEN,
    community: '2.999.3',
    purpose: 'TREAT',
    now: NOW,
    consentDefault: 'own-facility',
    ...more,
  });

it.each([
  ['nothing, where silence is no yes', [], {}, 'nothing'],
  ['numbers, where consent to care is implied', [], { consentDefault: 'implicit' }, 'identifiers'],
  ['nothing for another purpose than care', [], { consentDefault: 'implicit', purpose: 'HRESCH' }, 'nothing'],
  ['numbers, by a consent to all that names no region', [{ type: 'permit' }], {}, 'identifiers'],
  ['a name, by a consent that names all regions', [{ type: 'permit', actor: [region('*')] }], {}, 'demographics'],
  ['a name, by a consent that names this region', [{ type: 'permit', actor: [region('2.999.3')] }], {}, 'demographics'],
  ['nothing, by a consent that names another region', [{ type: 'permit', actor: [region('2.999.4')] }], {}, 'nothing'],
  [
    'numbers, by a consent that only leaves another region out',
    [{ type: 'permit', provision: [{ type: 'deny', actor: [region('2.999.4')] }] }],
    {},
    'identifiers',
  ],
  [
    'nothing, when a denial names it beside a permit',
    [
      { type: 'permit', actor: [region('*')] },
      { type: 'deny', actor: [region('2.999.3')] },
    ],
    {},
    'refused',
  ],
  [
    'nothing after the consent has ended',
    [{ type: 'permit', actor: [region('*')], period: { end: '2026-01-01' } }],
    {},
    'nothing',
  ],
  ['nothing of who has died', [], { policy: CLOSED, consentDefault: 'implicit' }, 'refused'],
] as const)('%s', (_, provisions, more, expected) => {
  expect(sharing([...provisions], more)).toBe(expected);
});

it('an OID that is none is refused when the Consent is written', () => {
  expect(() => assertEnforceable(consent('p', { type: 'permit', actor: [region('tokushima')] }), 'blanket')).toThrow(
    /OID/,
  );
  expect(() =>
    assertEnforceable(consent('p', { type: 'permit', actor: [region('2.999.3')] }), 'blanket'),
  ).not.toThrow();
});

it('a denial of a facility by its code holds for a foreign facility with that code, a permit does not', () => {
  const denied = [{ type: 'permit' }, { type: 'deny', actor: [facilityActor('0310000001')] }];
  expect(sharing(denied)).toBe('identifiers'); // it is not known who will ask there
  expect(sharing([{ type: 'permit', actor: [facilityActor('0310000001')] }])).toBe('nothing');
});
