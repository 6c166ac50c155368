// Vital signs, laboratory results and the Barthel index: numbers with UCUM units, one Observation each.
import type { Resource } from '../../api/client.ts';
import { codeOf, concept, conceptText, hasCode, type Quantity } from '../../record/fhir.ts';
import {
  coded,
  type Draft,
  type EntryKind,
  type Field,
  hl7,
  instant,
  JP_CATEGORY,
  LOINC,
  localTime,
  now,
  organizationOf,
  profiled,
  quantity,
  type Values,
  type Words,
  type Writer,
  words,
} from './draft.ts';

const WHEN: Field = {
  name: 'when',
  label: words('日時', 'Date and time'),
  type: 'datetime-local',
  required: true,
};

const category = (code: string, text: string, hl7Code?: string) => [
  coded(text, { system: JP_CATEGORY, code }),
  ...(hl7Code ? [{ coding: [hl7('observation-category', hl7Code)] }] : []),
];

const base = (when: string, writer: Writer) => ({
  resourceType: 'Observation',
  status: 'final',
  subject: { reference: writer.patient },
  effectiveDateTime: instant(when),
  performer: [organizationOf(writer)],
});

interface Measure {
  readonly name: string;
  readonly label: Words;
  readonly loinc: string;
  /** UCUM. */
  readonly unit: string;
  /** As people write it. */
  readonly shown?: string;
  readonly min: number;
  readonly max: number;
}

const measure = (
  name: string,
  label: Words,
  loinc: string,
  unit: string,
  min: number,
  max: number,
  shown = unit,
): Measure => ({ name, label, loinc, unit, min, max, shown });

const SIGNS: readonly Measure[] = [
  measure('temperature', words('体温', 'Temperature'), '8310-5', 'Cel', 25, 45, '℃'),
  measure('pulse', words('脈拍', 'Pulse'), '8867-4', '/min', 10, 300, '回/分'),
  measure('breaths', words('呼吸数', 'Respiratory rate'), '9279-1', '/min', 2, 120, '回/分'),
  measure('oxygen', words('SpO2', 'SpO2'), '2708-6', '%', 30, 100),
];
const BODY: readonly Measure[] = [
  measure('weight', words('体重', 'Weight'), '29463-7', 'kg', 0.3, 400),
  measure('height', words('身長', 'Height'), '8302-2', 'cm', 20, 250),
];

const fieldOf = ({ name, label, shown, min, max }: Measure, group?: Words): Field => ({
  name,
  label,
  type: 'number',
  ...(shown && { unit: shown }),
  min,
  max,
  ...(group && { group }),
});

const PRESSURE: readonly Field[] = [
  { name: 'systolic', label: words('血圧（上）', 'Systolic'), type: 'number', unit: 'mmHg', min: 30, max: 300 },
  { name: 'diastolic', label: words('血圧（下）', 'Diastolic'), type: 'number', unit: 'mmHg', min: 10, max: 200 },
];

const pressure = (systolic: string, diastolic: string): readonly { field: string; component: object }[] =>
  (
    [
      ['systolic', '8480-6', '収縮期血圧', systolic],
      ['diastolic', '8462-4', '拡張期血圧', diastolic],
    ] as const
  )
    .filter(([, , , value]) => value)
    .map(([field, code, text, value]) => ({
      field,
      component: { code: coded(text, { system: LOINC, code }), valueQuantity: quantity(value, 'mm[Hg]', 'mmHg') },
    }));

const ofMeasure = (values: Values, writer: Writer, one: Measure, kind: 'vital-signs' | 'body-measurement'): Draft[] => {
  const value = values[one.name];
  if (!value) return [];
  return [
    {
      resource: {
        ...profiled(kind === 'vital-signs' ? 'JP_Observation_VitalSigns' : 'JP_Observation_BodyMeasurement'),
        ...base(values['when']!, writer),
        category: category(kind, kind === 'vital-signs' ? 'バイタルサイン' : '身体計測', 'vital-signs'),
        code: coded(one.label.ja, { system: LOINC, code: one.loinc }),
        valueQuantity: quantity(value, one.unit, one.shown),
      },
      at: { [one.name]: 'value', when: 'effective' },
    },
  ];
};

export const vitals: EntryKind = {
  name: 'vitals',
  title: words('バイタル', 'Vital signs'),
  types: ['Observation'],
  fields: [WHEN, ...PRESSURE, ...SIGNS.map((one) => fieldOf(one)), ...BODY.map((one) => fieldOf(one))],
  some: ['systolic', 'diastolic', ...SIGNS.map(({ name }) => name), ...BODY.map(({ name }) => name)],
  initial: () => ({ when: now() }),
  build: (values, writer) => {
    const parts = pressure(values['systolic'] ?? '', values['diastolic'] ?? '');
    const panel: Draft[] =
      parts.length === 0
        ? []
        : [
            {
              resource: {
                ...profiled('JP_Observation_VitalSigns'),
                ...base(values['when']!, writer),
                category: category('vital-signs', 'バイタルサイン', 'vital-signs'),
                code: coded('血圧', { system: LOINC, code: '85354-9' }),
                component: parts.map(({ component }) => component),
              },
              at: {
                when: 'effective',
                ...Object.fromEntries(parts.map(({ field }, index) => [field, `component[${index}]`])),
              },
            },
          ];
    return [
      ...panel,
      ...SIGNS.flatMap((one) => ofMeasure(values, writer, one, 'vital-signs')),
      ...BODY.flatMap((one) => ofMeasure(values, writer, one, 'body-measurement')),
    ];
  },
};

const JLAC10 = 'urn:oid:1.2.392.200119.4.504';

interface Test extends Measure {
  readonly jlac10?: string;
  readonly specimen: string;
  readonly group: Words;
}

const CHEMISTRY = words('生化学', 'Chemistry');
const SUGAR = words('糖・脂質', 'Glucose and lipids');
const BLOOD = words('血算', 'Blood count');
const serum = (...given: [...Parameters<typeof measure>]): Test => ({
  ...measure(...given),
  specimen: '血清',
  group: CHEMISTRY,
});

/** What small practices send out most; JLAC10 as in 特定健診, so that results of other facilities stand in the same row. */
export const TESTS: readonly Test[] = [
  {
    ...serum('hba1c', words('HbA1c (NGSP)', 'HbA1c (NGSP)'), '17856-6', '%', 2, 25),
    jlac10: '3D046000001906202',
    specimen: '全血',
    group: SUGAR,
  },
  { ...serum('glucose', words('血糖', 'Glucose'), '2345-7', 'mg/dL', 5, 2000), group: SUGAR },
  {
    ...serum('ldl', words('LDL-コレステロール', 'LDL cholesterol'), '13457-7', 'mg/dL', 1, 1000),
    jlac10: '3F077000002327101',
    group: SUGAR,
  },
  { ...serum('hdl', words('HDL-コレステロール', 'HDL cholesterol'), '2085-9', 'mg/dL', 1, 300), group: SUGAR },
  { ...serum('triglyceride', words('中性脂肪', 'Triglycerides'), '2571-8', 'mg/dL', 1, 10000), group: SUGAR },
  {
    ...serum('creatinine', words('クレアチニン', 'Creatinine'), '2160-0', 'mg/dL', 0.05, 40),
    jlac10: '3C015000002327101',
  },
  { ...serum('egfr', words('eGFR', 'eGFR'), '98979-8', 'mL/min/{1.73_m2}', 1, 250), jlac10: '8A065000002391901' },
  serum('bun', words('尿素窒素', 'Urea nitrogen'), '3094-0', 'mg/dL', 1, 300),
  serum('uricAcid', words('尿酸', 'Uric acid'), '3084-1', 'mg/dL', 0.1, 30),
  serum('sodium', words('ナトリウム', 'Sodium'), '2951-2', 'mmol/L', 80, 200),
  { ...serum('potassium', words('カリウム', 'Potassium'), '2823-3', 'mmol/L', 1, 12), jlac10: '3H015000002326101' },
  serum('ast', words('AST', 'AST'), '1920-8', 'U/L', 1, 30000),
  serum('alt', words('ALT', 'ALT'), '1742-6', 'U/L', 1, 30000),
  serum('ggt', words('γ-GT', 'Gamma-GT'), '2324-2', 'U/L', 1, 10000),
  serum('albumin', words('アルブミン', 'Albumin'), '1751-7', 'g/dL', 0.5, 8),
  serum('crp', words('CRP', 'CRP'), '1988-5', 'mg/dL', 0, 80),
  {
    ...serum('wbc', words('白血球', 'White blood cells'), '6690-2', '10*3/uL', 0, 900, '×10³/μL'),
    specimen: '全血',
    group: BLOOD,
  },
  {
    ...serum('hemoglobin', words('ヘモグロビン', 'Haemoglobin'), '718-7', 'g/dL', 1, 30),
    specimen: '全血',
    group: BLOOD,
  },
  {
    ...serum('platelets', words('血小板', 'Platelets'), '777-3', '10*3/uL', 0, 5000, '×10³/μL'),
    specimen: '全血',
    group: BLOOD,
  },
];

const OTHER = words('その他の検査', 'Another test');

const result = (
  name: string,
  values: Values,
  writer: Writer,
  code: object,
  value: object,
  specimen: string,
): Draft => ({
  resource: {
    ...profiled('JP_Observation_LabResult'),
    ...base(values['when']!, writer),
    category: category('laboratory', '検体検査', 'laboratory'),
    contained: [
      { resourceType: 'Specimen', id: 'specimen', type: { text: specimen }, subject: { reference: writer.patient } },
    ],
    specimen: { reference: '#specimen' },
    code,
    ...value,
  },
  at: { [name]: 'value', when: 'effective' },
});

export const labs: EntryKind = {
  name: 'labs',
  title: words('検査結果', 'Laboratory results'),
  types: ['Observation'],
  fields: [
    { ...WHEN, label: words('採取日時', 'Collected') },
    ...TESTS.map((one) => fieldOf(one, one.group)),
    { name: 'otherName', label: words('検査名', 'Test'), type: 'text', group: OTHER },
    { name: 'otherValue', label: words('結果', 'Result'), type: 'text', group: OTHER },
    {
      name: 'otherUnit',
      label: words('単位', 'Unit'),
      type: 'text',
      group: OTHER,
      hint: words('UCUM（例 mg/dL）', 'UCUM, for example mg/dL'),
    },
    { name: 'otherLow', label: words('基準値（下限）', 'Range from'), type: 'number', group: OTHER },
    { name: 'otherHigh', label: words('基準値（上限）', 'Range to'), type: 'number', group: OTHER },
  ],
  some: [...TESTS.map(({ name }) => name), 'otherValue'],
  initial: () => ({ when: now() }),
  build: (values, writer) => [
    ...TESTS.filter(({ name }) => values[name]).map(({ name, label, jlac10, loinc, unit, shown, specimen }) =>
      result(
        name,
        values,
        writer,
        coded(label.ja, ...(jlac10 ? [{ system: JLAC10, code: jlac10, display: label.ja }] : []), {
          system: LOINC,
          code: loinc,
        }),
        { valueQuantity: quantity(values[name]!, unit, shown) },
        specimen,
      ),
    ),
    ...otherResult(values, writer),
  ],
};

/** A test that is not in the list: by its name alone, so it claims the general profile, which asks for no code. */
const otherResult = (values: Values, writer: Writer): Draft[] => {
  const { otherName = '', otherValue = '', otherUnit = '', otherLow, otherHigh } = values;
  if (!otherValue) return [];
  const isNumber = /^-?\d+(\.\d+)?$/.test(otherValue);
  const limit = (value: string) => (otherUnit ? quantity(value, otherUnit) : { value: Number(value) });
  return [
    {
      resource: {
        ...profiled('JP_Observation_Common'),
        ...base(values['when']!, writer),
        category: category('laboratory', '検体検査', 'laboratory'),
        code: { text: otherName },
        ...(isNumber
          ? { valueQuantity: otherUnit ? quantity(otherValue, otherUnit) : { value: Number(otherValue) } }
          : { valueString: otherValue }),
        ...((otherLow || otherHigh) && {
          referenceRange: [{ ...(otherLow && { low: limit(otherLow) }), ...(otherHigh && { high: limit(otherHigh) }) }],
        }),
      },
      at: {
        otherName: 'code',
        otherValue: 'value',
        otherUnit: 'value',
        otherLow: 'referenceRange',
        otherHigh: 'referenceRange',
        when: 'effective',
      },
    },
  ];
};

const BARTHEL: Field = {
  name: 'barthel',
  label: words('ADL（Barthel指数）', 'ADL (Barthel index)'),
  type: 'number',
  required: true,
  unit: '/100',
  min: 0,
  max: 100,
  hint: words('0（全介助）〜100（自立）', '0 (dependent) to 100 (independent)'),
};

export const adl: EntryKind = {
  name: 'adl',
  title: words('ADL', 'ADL'),
  types: ['Observation'],
  fields: [WHEN, BARTHEL, { name: 'note', label: words('所見', 'Remarks'), type: 'lines' }],
  initial: () => ({ when: now() }),
  build: (values, writer) => [
    {
      resource: {
        ...profiled('JP_Observation_Common'),
        ...base(values['when']!, writer),
        category: category('functional-status', '生活機能'),
        code: coded('Barthel指数', { system: LOINC, code: '96761-2' }),
        valueQuantity: quantity(values['barthel'] ?? '', '{score}', '点'),
        ...(values['note'] && { note: [{ text: values['note'] }] }),
      },
      at: { barthel: 'value', when: 'effective', note: 'note' },
    },
  ],
};

/** Corrects one result, whichever form or system it came from: its value and its time, never what was measured. */
export const correction = (before: Resource): EntryKind | undefined => {
  if (before.resourceType !== 'Observation') return undefined;
  const components = (before['component'] as Resource[] | undefined) ?? [];
  const isPressure =
    components.length > 0 && components.every((one) => hasCode(concept(one, 'code'), '8480-6', '8462-4'));
  const amount = before['valueQuantity'] as Quantity | undefined;
  const said = before['valueString'] as string | undefined;
  if (!isPressure && amount === undefined && said === undefined) return undefined;
  const title = conceptText(concept(before, 'code'));
  const value: Field = {
    name: 'value',
    label: words('結果', 'Result'),
    type: amount ? 'number' : 'text',
    required: true,
    ...(amount && { unit: amount.unit ?? amount.code ?? '' }),
  };
  return {
    name: 'correction',
    title: words(`${title}の訂正`, `Correction: ${title}`),
    types: ['Observation'],
    fields: [WHEN, ...(isPressure ? PRESSURE : [value])],
    initial: () => ({}),
    read: () => ({
      when: localTime(before['effectiveDateTime'] as string | undefined),
      ...(amount?.value !== undefined && { value: String(amount.value) }),
      ...(said !== undefined && { value: said }),
      ...Object.fromEntries(
        components.map((one) => [
          codeOf(concept(one, 'code')) === '8480-6' ? 'systolic' : 'diastolic',
          String((one['valueQuantity'] as Quantity | undefined)?.value ?? ''),
        ]),
      ),
    }),
    elements: ['status', 'effectiveDateTime', 'valueQuantity', 'valueString', 'component', 'interpretation'],
    build: (values) => [
      {
        resource: {
          resourceType: 'Observation',
          status: 'corrected',
          effectiveDateTime: instant(values['when'] ?? ''),
          ...(isPressure
            ? {
                component: pressure(values['systolic'] ?? '', values['diastolic'] ?? '').map(
                  ({ component }) => component,
                ),
              }
            : amount
              ? { valueQuantity: { ...amount, value: Number(values['value']) } }
              : { valueString: values['value'] ?? '' }),
        },
        at: { value: 'value', when: 'effective', systolic: 'component[0]', diastolic: 'component[1]' },
      },
    ],
  };
};
