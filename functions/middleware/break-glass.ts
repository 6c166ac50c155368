import type { BreakGlass } from '../break-glass/port.ts';
import type { Context, FhirRequest } from '../interactions/contract.ts';
import type { Fhir } from './fhir-http.ts';

/** `X-Purpose: BTG`: opens what must be opened before anything is read. Without a `BreakGlass` the purpose opens nothing. */
export const breakingGlass = (breakGlass: BreakGlass | undefined): Fhir => ({
  before: async ({ event }) => {
    const { context, request } = event;
    if (!breakGlass || context?.purpose !== 'BTG') return;
    const { grants, reason } = await breakGlass.open({
      actor: context.actor,
      reason: request.headers['x-purpose-reason'],
      ...namedIn(request),
      now: context.now,
    });
    event.context = { ...context, grants, reason } satisfies Context;
  },
});

const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** Whom a request is about, as far as its address tells: `Patient/x`, `Patient/x/$everything`, `?patient=x`, `Observation/y`. */
export const namedIn = ({
  path,
  params,
}: Pick<FhirRequest, 'path' | 'params'>): {
  patients: string[];
  resource?: { type: string; id: string };
} => {
  const [type = '', id = ''] = path;
  const patients = params
    .filter(([name]) => ['patient', 'subject', 'patient:Patient', 'subject:Patient'].includes(name))
    .flatMap(([, value]) => value.split(','))
    .concat(
      type === 'Patient' ? params.filter(([name]) => name === '_id').flatMap(([, value]) => value.split(',')) : [],
    )
    .map((value) => value.replace(/^Patient\//, ''));
  const named = ID.test(id) && /^[A-Z][A-Za-z]+$/.test(type);
  if (named && type === 'Patient') patients.push(id);
  return {
    patients: [...new Set(patients)].filter((one) => ID.test(one)),
    ...(named && type !== 'Patient' && { resource: { type, id } }),
  };
};
