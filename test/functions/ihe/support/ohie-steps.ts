// The client registry steps of OpenHIE (../shared/data/ihe/ohie-cr-steps) as data: messages, and what each answer must hold.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Segment } from '../../../../functions/ihe/hl7v2/message.ts';
import { parseXml } from '../../../../functions/ihe/xml/parse.ts';
import { attribute, child, children, textOf } from '../../../../functions/ihe/xml/tree.ts';
import { filesBelow, hasVectors, stepsFolder } from './vectors.ts';

export interface Assertion {
  readonly terser: string;
  readonly isMissing: boolean;
  readonly allowed: readonly string[];
}

export interface Step {
  readonly file: string;
  readonly number: string;
  /** Empty: something is to be set up. */
  readonly message: string;
  readonly assertions: readonly Assertion[];
}

/** One value in the steps is misspelt; the tool's own README has it right. */
const CORRECTED: Readonly<Record<string, string>> = {
  'Error processig assigning authority': 'Error processing assigning authority',
};

const stepOf = (file: string): Step => {
  const step = parseXml(readFileSync(join(stepsFolder, file)));
  return {
    file,
    number: file.slice(8, 10),
    message: textOf(child(step, 'message')).trim(),
    assertions: children(child(step, 'assertions'), 'assert').map((assertion) => ({
      terser: attribute(assertion, 'terser') ?? '',
      isMissing: attribute(assertion, 'missing') === 'true',
      allowed: [assertion, ...children(assertion, 'alternate')]
        .map((one) => attribute(one, 'value') ?? '')
        .map((value) => CORRECTED[value] ?? value),
    })),
  };
};

export const steps: readonly Step[] = hasVectors ? filesBelow(stepsFolder, '.xml').map(({ path }) => stepOf(path)) : [];
export const cases: readonly string[] = [...new Set(steps.map(({ number }) => number))];

/** The terser of NHAPI, as the steps use it: repetitions count from 0, `(1)/.PID` is the group's second. */
export const terser = (segments: readonly Segment[], expression: string): string | undefined => {
  const group = /^QUERY_RESPONSE(?:\((\d+)\))?\/\.(.*)$/.exec(expression);
  const found = /^([A-Z]{3})(?:-(\d+)(?:\((\d+)\))?(?:-(\d+))?(?:-(\d+))?)?$/.exec(group?.[2] ?? expression);
  if (!found) throw new Error(`not a terser expression: ${expression}`);
  const [, name, field, repetition, component, subcomponent] = found;
  const segment = segments.filter((one) => one.name === name)[Number(group?.[1] ?? 0)];
  if (!segment || field === undefined) return segment?.name;
  const at = (text: string | undefined) => Number(text ?? 1) - 1;
  return segment.fields[at(field)]?.[Number(repetition ?? 0)]?.[at(component)]?.[at(subcomponent)];
};
