// Drafts to the server: one resource as a create, several as one transaction, a correction as an update of the version that the
// form was opened with. https://hl7.org/fhir/R4/http.html#concurrency
// What is new goes under ids that the form has chosen (https://hl7.org/fhir/R4/http.html#upsert): where an answer was lost on its way,
// sending again writes the same resources and not a second time.
import type { Api, Bundle, Resource } from '../../api/client.ts';
import { FACILITY_SOURCE } from '../../record/record.ts';
import { corrected, type Draft, type EntryKind, enteredInError, type Values, type Writer } from './draft.ts';

/** Whose entry it is: the record may be another facility's record of the person. */
const stamped = (resource: Resource, { facility }: Writer): Resource =>
  facility === undefined
    ? resource
    : { ...resource, meta: { ...resource.meta, source: resource.meta?.source ?? `${FACILITY_SOURCE}${facility}` } };

export interface Sending {
  readonly kind: EntryKind;
  readonly values: Values;
  readonly writer: Writer;
  readonly file: File | undefined;
  /** What is corrected. */
  readonly before: Resource | undefined;
  /** Of this one filling of the form, also when it is sent again. */
  readonly entry: string;
}

/** Where the server will find fault with a field. */
export const placesOf = (drafts: readonly Draft[]): Record<string, string> => {
  const several = drafts.length > 1;
  const places: Record<string, string> = {};
  for (const [index, { resource, at }] of drafts.entries())
    for (const [field, element] of Object.entries(at))
      places[field] ??= several ? `Bundle.entry[${index}].resource.${element}` : `${resource.resourceType}.${element}`;
  return places;
};

/** By the field that it stands for: between two tries another field may have been filled. */
const idOf = (entry: string, { at }: Draft): string => `${entry}-${Object.keys(at)[0] ?? ''}`.slice(0, 64);

export const send = async (api: Api, { kind, values, writer, file, before, entry }: Sending): Promise<Resource[]> => {
  const document = file ? await sendFile(api, file, writer) : {};
  const drafts = kind.build({ ...values, ...document }, writer);
  const [first] = drafts;
  if (!first) return [];
  if (before) return [await update(api, before, corrected(before, first.resource, kind.elements ?? []))];
  const made = drafts.map((draft) => ({ ...stamped(draft.resource, writer), id: idOf(entry, draft) }));
  const path = ({ resourceType, id }: Resource) => `${resourceType}/${id}`;
  if (made.length === 1) return [await api.fhir(`/${path(made[0]!)}`, { method: 'PUT', body: made[0] })];
  const answer = await api.fhir<Bundle>('', {
    method: 'POST',
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: made.map((resource) => ({ resource, request: { method: 'PUT', url: path(resource) } })),
    },
    headers: { prefer: 'return=representation' },
  });
  return (answer.entry ?? []).flatMap(({ resource }) => resource ?? []);
};

const update = (api: Api, before: Resource, next: Resource): Promise<Resource> =>
  api.fhir(`/${before.resourceType}/${before.id}`, {
    method: 'PUT',
    body: next,
    headers: { 'if-match': `W/"${before.meta?.versionId}"` },
  });

export const revoke = (api: Api, before: Resource): Promise<Resource> => update(api, before, enteredInError(before));

/** One upload for one file, also when an answer was lost or the document around it had to be corrected and sent again. */
const sent = new WeakMap<File, Values>();
const ids = new WeakMap<File, string>();

const sendFile = async (api: Api, file: File, { patient }: Writer): Promise<Values> => {
  const known = sent.get(file);
  if (known) return known;
  const id = ids.get(file) ?? crypto.randomUUID();
  ids.set(file, id);
  await api.ask(`/fhir/Binary/${id}`, { method: 'PUT', bytes: file, headers: { 'x-security-context': patient } });
  const made: Values = {
    url: `Binary/${id}`,
    contentType: file.type || 'application/octet-stream',
    size: String(file.size),
    fileName: file.name,
  };
  sent.set(file, made);
  return made;
};
