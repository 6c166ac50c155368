import { randomUUID } from 'node:crypto';
import { CONTENT_TYPES, incomingName, isJobId, type Job, noCounts, readJob, writeJob } from '../bulk/job.ts';
import { parseJson } from '../fhir/json.ts';
import { forbidden, notFound, operationOutcome, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Context, FhirRequest, Interaction, Services } from '../interactions/contract.ts';
import { fhirBase } from '../interactions/headers.ts';
import { param } from '../interactions/query.ts';
import type { Documents } from '../storage/port.ts';

type Needs = Pick<Services, 'uploads' | 'region'>;

/** The address is good for this long; the upload itself may take longer once it has begun. */
const ADDRESS_SECONDS = 15 * 60;

const parameters = (...list: object[]): Resource => ({ resourceType: 'Parameters', parameter: list });

const facilityOf = ({ actor }: Context): string => {
  if (actor.facility === undefined) throw forbidden('only a facility uploads files');
  return actor.facility;
};

const bucket = ({ uploads }: Needs): Documents => {
  if (!uploads) throw refuse('notSupported', 'this server takes no uploads');
  return uploads;
};

/** `contentType` of the Parameters that came, if any. */
const wantedType = ({ body }: FhirRequest): string => {
  const sent = body && body.length > 0 ? parseJson(body) : undefined;
  const list = typeof sent === 'object' && sent !== null && 'parameter' in sent ? sent.parameter : undefined;
  const wanted = (Array.isArray(list) ? list : []).find(
    (item): item is { name: string; [value: string]: string } =>
      typeof item === 'object' && item !== null && 'name' in item && item.name === 'contentType',
  );
  const type: string = wanted?.valueCode ?? wanted?.valueString ?? CONTENT_TYPES[0];
  if (!CONTENT_TYPES.some((known) => known === type)) {
    throw refuse('unsupportedMedia', `an upload is one of ${CONTENT_TYPES.join(', ')}`, 'Parameters.parameter');
  }
  return type;
};

/**
 * `POST [base]/$upload`: opens a job for a file that is larger than a request, and answers where to PUT it (docs/loading.md).
 * What the file holds is written in the name of the caller, by the same rules as a request.
 */
export const openUpload =
  (services: Needs): Interaction =>
  async (context, request) => {
    const uploads = bucket(services);
    const facility = facilityOf(context);
    const contentType = wantedType(request);
    const job: Job = {
      id: randomUUID(),
      facility,
      contentType,
      openedAt: context.now,
      actor: context.actor,
      purpose: context.purpose,
      state: 'waiting',
      counts: noCounts(),
      refusals: [],
    };
    await writeJob(uploads, job);
    const status = `${fhirBase(services.region)}/$upload-status?job=${job.id}`;
    return {
      status: 201,
      resource: parameters(
        { name: 'job', valueId: job.id },
        {
          name: 'url',
          valueUrl: await uploads.presignPut(incomingName(facility, job.id), contentType, ADDRESS_SECONDS),
        },
        { name: 'contentType', valueCode: contentType },
        { name: 'status', valueUrl: status },
      ),
      headers: { location: status },
    };
  };

/** `GET [base]/$upload-status?job=<job>`: 202 while it waits or runs, then 200 with counts and refusals. */
export const uploadStatus =
  (services: Needs): Interaction =>
  async (context, { params }) => {
    const id = param(params, 'job') ?? '';
    const job = isJobId(id) ? await readJob(bucket(services), facilityOf(context), id) : undefined;
    if (!job) throw notFound('the upload job');
    const over = job.state === 'done' || job.state === 'failed';
    const { counts, refusals } = job;
    return {
      status: over ? 200 : 202,
      resource: parameters(
        { name: 'job', valueId: job.id },
        { name: 'state', valueCode: job.state },
        ...Object.entries(counts).map(([name, valueInteger]) => ({ name, valueInteger })),
        ...(refusals.length > 0
          ? [
              {
                name: 'refusals',
                resource: {
                  ...operationOutcome([]),
                  issue: refusals.map(({ what, code, diagnostics, expression }) => ({
                    severity: 'error',
                    code,
                    details: { text: what },
                    diagnostics,
                    ...(expression !== undefined && { expression: [expression] }),
                  })),
                },
              },
            ]
          : []),
      ),
      ...(!over && { headers: { 'retry-after': '1' } }),
    };
  };
