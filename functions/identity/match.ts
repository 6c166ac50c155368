import { parseJson } from '../fhir/json.ts';
import { FhirError, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Interaction, Region } from '../interactions/contract.ts';
import { assertSearchable, disclose, searchPermit } from '../interactions/permit.ts';
import { candidatesOf } from './candidates.ts';
import type { ReadAs } from './fhir-faces.ts';
import { cardOf } from './matching/card.ts';
import { compare } from './matching/compare.ts';
import { matchGrade, probability } from './matching/grade.ts';

const GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';
const DEFAULT_COUNT = 20;
const MOST = 100;

interface Asked {
  readonly patient: Resource;
  readonly onlyCertain: boolean;
  readonly count: number;
}

type Parameter = { name?: string; resource?: Resource; valueBoolean?: unknown; valueInteger?: unknown };

/** The body may also be the Patient alone: "if only the resource parameter is used, it may be sent as the body". */
const parsed = (body: Uint8Array | undefined): Asked => {
  if (!body) throw refuse('invalid', 'Parameters with a resource, or a Patient, must be in the body', 'Parameters');
  const resource = parseJson(body) as unknown as Resource & { parameter?: Parameter[] };
  if (resource?.resourceType === 'Patient') return { patient: resource, onlyCertain: false, count: DEFAULT_COUNT };
  if (resource?.resourceType !== 'Parameters' || !Array.isArray(resource.parameter))
    throw refuse('invalid', 'the body must be Parameters or a Patient', 'Parameters');
  const named = (name: string) => resource.parameter!.filter((one) => one?.name === name);
  for (const { name } of resource.parameter)
    if (!['resource', 'onlyCertainMatches', 'count'].includes(name ?? ''))
      throw refuse(
        'invalid',
        'Parameters.parameter: resource, onlyCertainMatches and count are known here',
        'Parameters.parameter',
      );
  const [patient, ...more] = named('resource').map((one) => one.resource);
  if (patient?.resourceType !== 'Patient' || more.length > 0)
    throw refuse('invalid', 'Parameters.parameter: one resource, a Patient', 'Parameters.parameter');
  const [onlyCertain = false] = named('onlyCertainMatches').map((one) => one.valueBoolean);
  const [count = DEFAULT_COUNT] = named('count').map((one) => one.valueInteger);
  if (typeof onlyCertain !== 'boolean')
    throw refuse('invalid', 'onlyCertainMatches must have a valueBoolean', 'Parameters.parameter');
  if (typeof count !== 'number' || count < 1)
    throw refuse('invalid', 'count must have a valueInteger from 1', 'Parameters.parameter');
  return { patient, onlyCertain, count: Math.min(count, MOST) };
};

/** A question that says too little would be answered with whoever has that sex. */
const assertSays = (patient: Resource) => {
  const { kana, kanji, birth, phones, insurances, numbers } = cardOf(patient);
  const hasName = kana.length + kanji.length > 0;
  if (insurances.length + numbers.length > 0 || (hasName && (birth !== undefined || phones.length > 0))) return;
  throw new FhirError('unprocessable', [
    {
      diagnostics: 'Patient: a name with a birth date or a telephone, or an identifier, is needed to match by',
      expression: ['Patient'],
    },
  ]);
};

/** Patient $match: https://hl7.org/fhir/R4/patient-operation-match.html */
export const match =
  (readAs: ReadAs, { baseUrl }: Pick<Region, 'baseUrl'>): Interaction =>
  async (context, request) => {
    assertSearchable(context, 'Patient');
    const resources = readAs(context);
    const { patient, onlyCertain, count } = parsed(request.body);
    assertSays(patient);
    const card = cardOf(patient);
    const { id: _own, ...sought } = patient;
    const found = await resources.getMany(
      (await candidatesOf(resources, sought)).map((id) => ({ type: 'Patient', id })),
    );
    const permits = searchPermit(resources, context);
    const scored = found
      .flatMap((stored) =>
        stored && !stored.deleted && permits(stored)
          ? [{ stored, pair: compare(card, cardOf(stored.resource())) }]
          : [],
      )
      .map((one) => ({ ...one, grade: matchGrade(one.pair) }))
      .filter(({ grade }) => grade === 'certain' || (!onlyCertain && grade !== 'certainly-not'))
      .sort((a, b) => b.pair.score - a.pair.score);
    const shown = scored.slice(0, count);
    // "onlyCertainMatches: if there are multiple potential matches, the server should return none": more than one person is not certain.
    const heads = await resources.heads(shown.map(({ stored }) => stored.id));
    const persons = new Set(heads.map((head, at) => head?.person ?? shown[at]!.stored.id));
    const answered = onlyCertain && persons.size > 1 ? [] : shown;
    disclose(context, 'R', ...answered.map(({ stored }) => stored));
    return {
      status: 200,
      resource: {
        resourceType: 'Bundle',
        type: 'searchset',
        total: answered.length,
        entry: answered.map(({ stored, pair, grade }) => ({
          fullUrl: `${baseUrl}/fhir/Patient/${stored.id}`,
          resource: stored.resource(),
          search: {
            extension: [{ url: GRADE, valueCode: grade }],
            mode: 'match',
            score: probability(pair),
          },
        })),
      },
    };
  };
