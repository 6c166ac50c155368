// The client registry steps of OpenHIE (../shared/data/ihe/ohie-cr-steps), each message sent and each assertion held.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { handleHl7 } from '../../../functions/ihe/hl7v2/handle.ts';
import type { Segment } from '../../../functions/ihe/hl7v2/message.ts';
import { parseMessage } from '../../../functions/ihe/hl7v2/message.ts';
import type { PatientIndex } from '../../../functions/ihe/ports.ts';
import { parseXml } from '../../../functions/ihe/xml/parse.ts';
import { attribute, child, children, textOf } from '../../../functions/ihe/xml/tree.ts';
import { memoryIndex } from './support/memory-index.ts';
import { filesBelow, hasVectors, skipped, stepsFolder } from './support/vectors.ts';

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

/** The terser of NHAPI, as the steps use it: repetitions count from 0, `(1)/.PID` is the group's second. */
const terser = (segments: readonly Segment[], expression: string): string | undefined => {
  const group = /^QUERY_RESPONSE(?:\((\d+)\))?\/\.(.*)$/.exec(expression);
  const found = /^([A-Z]{3})(?:-(\d+)(?:\((\d+)\))?(?:-(\d+))?(?:-(\d+))?)?$/.exec(group?.[2] ?? expression);
  if (!found) throw new Error(`not a terser expression: ${expression}`);
  const [, name, field, repetition, component, subcomponent] = found;
  const segment = segments.filter((one) => one.name === name)[Number(group?.[1] ?? 0)];
  if (!segment || field === undefined) return segment?.name;
  const at = (text: string | undefined) => Number(text ?? 1) - 1;
  return segment.fields[at(field)]?.[Number(repetition ?? 0)]?.[at(component)]?.[at(subcomponent)];
};

/** One value in the steps is misspelt; the tool's own README has it right. */
const CORRECTED: Readonly<Record<string, string>> = {
  'Error processig assigning authority': 'Error processing assigning authority',
};

describe.skipIf(!hasVectors)(`OpenHIE client registry${skipped}`, () => {
  const files = hasVectors ? filesBelow(stepsFolder, '.xml').map(({ path }) => path) : [];
  const cases = [...new Set(files.map((name) => name.slice(8, 10)))];

  it.each(cases)('case %s: every answer is as the steps assert', async (number) => {
    const index = setUp(number);
    let asserted = 0;
    for (const file of files.filter((name) => name.slice(8, 10) === number)) {
      const step = parseXml(readFileSync(join(stepsFolder, file)));
      const message = textOf(child(step, 'message')).trim();
      if (!message) continue;
      const answer = await handleHl7(Buffer.from(message), {
        index,
        self: () => ({ application: 'CR1', facility: 'MOH_CAAT', now: 0, newId: () => 'id' }),
        onFault: (fault) => {
          throw fault;
        },
      });
      const { segments } = parseMessage(Buffer.from(answer).toString());
      for (const assertion of children(child(step, 'assertions'), 'assert')) {
        const expression = attribute(assertion, 'terser') ?? '';
        const found = terser(segments, expression);
        asserted += 1;
        if (attribute(assertion, 'missing') === 'true') {
          expect(found, `${file} ${expression}`).toBeUndefined();
          continue;
        }
        const allowed = [assertion, ...children(assertion, 'alternate')].map((one) => attribute(one, 'value') ?? '');
        expect(
          allowed.map((value) => CORRECTED[value] ?? value),
          `${file} ${expression}`,
        ).toContain(found);
      }
    }
    expect(asserted).toBeGreaterThan(0);
  });

  it('all 6 cases and 23 steps are there', () => {
    expect([cases.length, files.length]).toEqual([6, 23]);
  });
});
