// The client registry steps of OpenHIE (../shared/data/ihe/ohie-cr-steps), each message sent and each assertion held.
import { describe, expect, it } from 'vitest';
import { handleHl7 } from '../../../functions/ihe/hl7v2/handle.ts';
import { parseMessage } from '../../../functions/ihe/hl7v2/message.ts';
import type { PatientIndex } from '../../../functions/ihe/ports.ts';
import { memoryIndex } from './support/memory-index.ts';
import { cases, steps, terser } from './support/ohie-steps.ts';
import { hasVectors, skipped } from './support/vectors.ts';

/** What the steps without a message ask to be set up, for each case by itself. */
const SETUP: Readonly<Record<string, () => PatientIndex>> = {
  '01': () => memoryIndex({ oid: '2.16.840.1.113883.3.72.5.9.1', name: 'TEST', senders: ['TEST_HARNESS'] }),
  '04': () =>
    memoryIndex(
      { oid: '2.16.840.1.113883.3.72.5.9.2', name: 'TEST_A', senders: ['TEST_HARNESS_A'] },
      { oid: '2.16.840.1.113883.3.72.5.9.3', name: 'TEST_B', senders: ['TEST_HARNESS_B'] },
    ),
  '06': () =>
    memoryIndex(
      { oid: '2.16.840.1.113883.3.72.5.9.2', name: 'TEST_A', senders: ['TEST_HARNESS_A'] },
      { oid: '2.16.840.1.113883.3.72.5.9.9', name: 'NID', senders: ['NID_AUTH'] },
    ),
};
const setUp = (number: string) => (SETUP[number] ?? SETUP['01'])?.() as PatientIndex;

describe.skipIf(!hasVectors)(`OpenHIE client registry${skipped}`, () => {
  it.each(cases)('case %s: every answer is as the steps assert', async (number) => {
    const index = setUp(number);
    let asserted = 0;
    for (const { file, message, assertions } of steps.filter((step) => step.number === number && step.message)) {
      const answer = await handleHl7(Buffer.from(message), {
        index,
        self: () => ({ application: 'CR1', facility: 'MOH_CAAT', now: 0, newId: () => 'id' }),
        onFault: (fault) => {
          throw fault;
        },
      });
      const { segments } = parseMessage(Buffer.from(answer).toString());
      for (const { terser: expression, isMissing, allowed } of assertions) {
        const found = terser(segments, expression);
        asserted += 1;
        if (isMissing) expect(found, `${file} ${expression}`).toBeUndefined();
        else expect(allowed, `${file} ${expression}`).toContain(found);
      }
    }
    expect(asserted).toBeGreaterThan(0);
  });

  it('all 6 cases and 23 steps are there', () => {
    expect([cases.length, steps.length]).toEqual([6, 23]);
  });
});
