// HL7 v2 in its vertical-bar form: https://www.hl7.eu/HL7v2x/v25/std25/ch02.html

export class Hl7Error extends Error {
  /** Table 0357: https://terminology.hl7.org/CodeSystem-v2-0357.html */
  readonly code: string;
  /** Segment, sequence and field at fault, for ERR-2. */
  readonly location: readonly (string | number)[];
  constructor(code: string, rule: string, location: readonly (string | number)[] = []) {
    super(rule);
    this.code = code;
    this.location = location;
  }
}

/** Component, subcomponents in it. */
export type Component = readonly string[];
export type Repetition = readonly Component[];
export type Field = readonly Repetition[];

export interface Segment {
  readonly name: string;
  /** `fields[0]` is field 1. Of MSH, field 1 is the separator and field 2 the encoding characters, as one value each. */
  readonly fields: readonly Field[];
}

export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escapeMark: string;
  readonly subcomponent: string;
}

export interface Message {
  readonly segments: readonly Segment[];
  readonly delimiters: Delimiters;
}

export const DELIMITERS: Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escapeMark: '\\',
  subcomponent: '&',
};

export const HL7_LIMITS = {
  bytes: 1024 * 1024,
  segments: 2_000,
  fields: 200,
  repetitions: 200,
  components: 50,
} as const;

/** Splits decoded text; segments end with CR as the standard says, or LF or CRLF as many senders write. */
export const parseMessage = (text: string): Message => {
  if (text.length > HL7_LIMITS.bytes) throw new Hl7Error('207', 'the message is too long');
  const start = text.replace(/^[\s\uFEFF]+/, '');
  if (!start.startsWith('MSH')) throw new Hl7Error('100', 'the message does not begin with MSH', ['MSH', 1]);
  const delimiters = delimitersOf(start);
  const lines = start.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '');
  if (lines.length > HL7_LIMITS.segments) throw new Hl7Error('207', 'too many segments');
  return { delimiters, segments: lines.map((line) => parseSegment(line, delimiters)) };
};

/** The header alone, of a message that cannot be read: it is ASCII in every character set. Undefined where there is none. */
export const headerOf = (bytes: Uint8Array): Message | undefined => {
  const [line = ''] = Buffer.from(bytes.subarray(0, 4_096))
    .toString('latin1')
    .trimStart()
    .split(/[\r\n]/, 1);
  try {
    return parseMessage(line.replace(/[^ -~]/g, ''));
  } catch {
    return undefined;
  }
};

const delimitersOf = (text: string): Delimiters => {
  const [field, component, repetition, escapeMark, subcomponent] = text.slice(3, 8);
  const found = { field, component, repetition, escapeMark, subcomponent };
  const all = Object.values(found);
  const distinct = new Set(all).size === 5 && all.every((one) => one !== undefined && /[^\sA-Za-z0-9]/.test(one));
  if (!distinct || text[8] !== field) throw new Hl7Error('102', 'MSH-2 is malformed', ['MSH', 1, 2]);
  return found as Delimiters;
};

const parseSegment = (line: string, delimiters: Delimiters): Segment => {
  const name = line.slice(0, 3);
  if (!/^[A-Z][A-Z0-9]{2}$/.test(name) || (line.length > 3 && line[3] !== delimiters.field))
    throw new Hl7Error('100', 'a segment without a name');
  const fields = line.slice(4).split(delimiters.field);
  if (fields.length > HL7_LIMITS.fields) throw new Hl7Error('207', 'too many fields', [name, 1]);
  if (name === 'MSH') {
    const [encoding = '', ...rest] = fields;
    return {
      name,
      fields: [[[[delimiters.field]]], [[[encoding]]], ...rest.map((one) => parseField(one, delimiters))],
    };
  }
  return { name, fields: fields.map((one) => parseField(one, delimiters)) };
};

const parseField = (text: string, delimiters: Delimiters): Field => {
  const repetitions = text.split(delimiters.repetition);
  if (repetitions.length > HL7_LIMITS.repetitions) throw new Hl7Error('207', 'too many repetitions');
  return repetitions.map((one) => {
    const components = one.split(delimiters.component);
    if (components.length > HL7_LIMITS.components) throw new Hl7Error('207', 'too many components');
    return components.map((component) =>
      component.split(delimiters.subcomponent).map((value) => unescaped(value, delimiters)),
    );
  });
};

/** https://www.hl7.eu/HL7v2x/v25/std25/ch02.html#Heading32; formatting and unknown sequences are left out, as the standard allows. */
const unescaped = (text: string, { field, component, repetition, escapeMark, subcomponent }: Delimiters): string => {
  if (!text.includes(escapeMark)) return text;
  const letters: Readonly<Record<string, string>> = {
    F: field,
    S: component,
    T: subcomponent,
    R: repetition,
    E: escapeMark,
  };
  let out = '';
  for (let at = 0; at < text.length; ) {
    const end = text[at] === escapeMark ? text.indexOf(escapeMark, at + 1) : -1;
    if (end < 0) {
      out += text[at];
      at += 1;
      continue;
    }
    const sequence = text.slice(at + 1, end);
    const known = Object.hasOwn(letters, sequence) ? letters[sequence] : undefined;
    if (known !== undefined) out += known;
    else if (/^X([0-9A-Fa-f]{2}){1,40}$/.test(sequence)) out += Buffer.from(sequence.slice(1), 'hex').toString('utf8');
    else if (/^\.(br|sp)\d*$/.test(sequence)) out += '\n';
    at = end + 1;
  }
  return out;
};

const escapeValue = (value: string): string =>
  value
    .replace(/[|^~\\&]/g, (found) => `\\${{ '|': 'F', '^': 'S', '~': 'R', '\\': 'E', '&': 'T' }[found]}\\`)
    .replace(/\r\n|\r|\n/g, '\\.br\\');

// ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────
export const segmentsOf = (message: Message, name: string): Segment[] =>
  message.segments.filter((segment) => segment.name === name);

export const segmentOf = (message: Message, name: string): Segment | undefined => segmentsOf(message, name)[0];

/** Repetitions of a field that say anything. */
export const repetitions = (segment: Segment | undefined, field: number): Repetition[] =>
  (segment?.fields[field - 1] ?? []).filter((one) => one.some((component) => component.some((value) => value !== '')));

/** `value(pid, 3, 4, 2)`: of PID-3, first repetition, component 4, subcomponent 2. HL7's `""` (delete) counts as nothing. */
export const value = (segment: Segment | undefined, field: number, component = 1, subcomponent = 1): string =>
  componentOf(segment?.fields[field - 1]?.[0], component, subcomponent);

export const componentOf = (repetition: Repetition | undefined, component: number, subcomponent = 1): string => {
  const found = repetition?.[component - 1]?.[subcomponent - 1]?.trim() ?? '';
  return found === '""' ? '' : found;
};

// ── Writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** A field as we write it: text, components (each text or subcomponents), or several repetitions of these. */
export type OutComponent = string | readonly string[];
export type OutField =
  | string
  | { readonly components: readonly OutComponent[] }
  | { readonly repeat: readonly OutField[] };

export const components = (...parts: readonly OutComponent[]): OutField => ({ components: parts });
export const repeat = (fields: readonly OutField[]): OutField => ({ repeat: fields });

const trimEnd = (parts: readonly string[], separator: string): string => {
  const last = parts.findLastIndex((part) => part !== '');
  return parts.slice(0, last + 1).join(separator);
};

const writeField = (field: OutField): string => {
  if (typeof field === 'string') return escapeValue(field);
  if ('repeat' in field) return field.repeat.map(writeField).join('~');
  return trimEnd(
    field.components.map((part) =>
      typeof part === 'string' ? escapeValue(part) : trimEnd(part.map(escapeValue), '&'),
    ),
    '^',
  );
};

/** One segment; MSH begins with its third field, since the first two are always ours. */
export const writeSegment = (name: string, ...fields: readonly OutField[]): string => {
  const written = trimEnd(fields.map(writeField), '|');
  return name === 'MSH' ? `MSH|^~\\&|${written}` : written === '' ? name : `${name}|${written}`;
};

/** Every segment ends with CR, the last one too. */
export const writeMessage = (segments: readonly (string | undefined)[]): string =>
  segments.flatMap((segment) => (segment === undefined ? [] : [`${segment}\r`])).join('');

/** Times as HL7 v2 writes them, in Japan's own: all of Japan has one, without summer time. */
export const timestamp = (ms: number): string =>
  `${new Date(ms + 9 * 3_600_000).toISOString().slice(0, 19).replace(/[-:T]/g, '')}+0900`;
