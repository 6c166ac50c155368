// The same steps of OpenHIE over a region's own records and identity, with the region's facilities in the place of their test systems.
//
// One thing is otherwise here, and on purpose: the steps expect a number of the registry itself as the first of an answer. A region
// gives out none for everybody, since it would tie together a person's records for facilities that consent keeps apart. So what the
// steps look for at the second place stands at the first.

import { describe, expect, it } from 'vitest';
import type { Actor } from '../../../functions/consent/actor.ts';
import { fhirFaces } from '../../../functions/identity/fhir-faces.ts';
import { handleHl7 } from '../../../functions/ihe/hl7v2/handle.ts';
import { parseMessage, segmentOf, value } from '../../../functions/ihe/hl7v2/message.ts';
import { facilityNumbers, regionIndex } from '../../../functions/ihe/region-index.ts';
import type { Context } from '../../../functions/interactions/contract.ts';
import { routes } from '../../../functions/interactions/routes.ts';
import { isNumber } from '../../../functions/search/extract.ts';
import { hospital } from '../../support/api.ts';
import { openRegion } from '../identity/given.ts';
import { cases, type Step, steps, terser } from './support/ohie-steps.ts';
import { hasVectors, skipped } from './support/vectors.ts';

const PLACE: Readonly<Record<string, { code: string; oid: string; sender: string }>> = {
  TEST: { code: '3610000001', oid: '2.16.840.1.113883.3.72.5.9.1', sender: 'TEST_HARNESS' },
  TEST_A: { code: '3610000002', oid: '2.16.840.1.113883.3.72.5.9.2', sender: 'TEST_HARNESS_A' },
  TEST_B: { code: '3610000003', oid: '2.16.840.1.113883.3.72.5.9.3', sender: 'TEST_HARNESS_B' },
  NID: { code: '3610000004', oid: '2.16.840.1.113883.3.72.5.9.9', sender: 'NID_AUTH' },
};

/** Authorities by name and by OID, wherever a message or an assertion has one; who sends stays who it is. */
const here = (text: string): string =>
  Object.entries(PLACE).reduce(
    (done, [name, { code, oid }]) =>
      done
        .replaceAll(new RegExp(`${oid.replaceAll('.', '\\.')}(?![0-9])`, 'g'), facilityNumbers(code))
        .replaceAll(new RegExp(`(\\^\\^\\^)${name}(?![A-Z_])`, 'g'), `$1${code}`),
    text,
  );
const valueHere = (terserOf: string, found: string): string =>
  terserOf.includes('PID-3') ? (PLACE[found]?.code ?? here(found)) : found;

const open = () => {
  const region = openRegion();
  const { services } = region.api;
  const knows = async (system: string) =>
    Object.values(PLACE).some(({ code }) => system === `urn:oid:${facilityNumbers(code)}`);
  const parts = {
    fhir: routes(services),
    pix: fhirFaces(services, knows),
    knowsDomain: knows,
    isNumber,
    seal: services.seal,
  };
  const send = async (message: string) => {
    const sender = value(segmentOf(parseMessage(message), 'MSH'), 3);
    const [, place] = Object.entries(PLACE).find(([, one]) => one.sender === sender)!;
    const actor: Actor = { ...hospital, facility: place.code, subject: `system-${place.code}` };
    region.api.time.now += 1_000;
    const context: Context = {
      actor,
      requestId: 'r',
      now: region.api.time.now,
      purpose: 'TREAT',
      consentDefault: 'implicit',
      disclosed: [],
      refused: [],
    };
    const answer = await handleHl7(Buffer.from(message), {
      index: regionIndex(parts, context),
      self: () => ({ application: 'CR1', facility: 'MOH_CAAT', now: 0, newId: () => 'id' }),
      onFault: (fault) => {
        throw fault;
      },
    });
    // What the stream would do (entries/identity-feed.ts).
    for (const { reference, action } of context.disclosed)
      if (action !== 'R' && reference.startsWith('Patient/')) await region.resolve(reference.slice('Patient/'.length));
    return parseMessage(Buffer.from(answer).toString()).segments;
  };
  return { send };
};

describe.skipIf(!hasVectors)(`OpenHIE client registry over a region${skipped}`, () => {
  it.each(cases)('case %s: every answer is as the steps assert', async (number) => {
    const { send } = open();
    const answers: { step: Step; found: (string | undefined)[] }[] = [];
    for (const step of steps.filter((one) => one.number === number && one.message)) {
      const segments = await send(here(step.message));
      const found = step.assertions.map(({ terser: at }) => terser(segments, at.replace('PID-3(1)', 'PID-3')));
      answers.push({ step, found });
    }
    for (const { step, found } of answers)
      for (const [at, { terser: expression, isMissing, allowed }] of step.assertions.entries())
        if (isMissing) expect(found[at], `${step.file} ${expression}`).toBeUndefined();
        else
          expect(
            allowed.map((one) => valueHere(expression, one)),
            `${step.file} ${expression}`,
          ).toContain(found[at]);
    expect(answers.flatMap(({ found }) => found).length).toBeGreaterThan(0);
  });
});
