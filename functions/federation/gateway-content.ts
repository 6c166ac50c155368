// The bytes of a document at the responding gateway: what the attachment holds, what the Binary behind it holds, or a summary made now.
import { hash } from 'node:crypto';
import { parseTrusted } from '../fhir/json.ts';
import type { DocumentReference } from '../ihe/xca/document-reference.ts';
import type { Context, FhirRequest, Interaction } from '../interactions/contract.ts';
import type { Resources } from '../storage/port.ts';

export interface Fetched {
  readonly mimeType: string;
  readonly content: Uint8Array;
}

/** Larger than what is left of one answer. */
export class TooLarge extends Error {
  constructor() {
    super('the documents are larger than one answer holds: ask for them one by one');
  }
}

const get = (path: readonly string[], headers: FhirRequest['headers'] = {}): FhirRequest => ({
  method: 'GET',
  path,
  params: [],
  headers,
  body: undefined,
});

const fitting = (fetched: Fetched, room: number): Fetched => {
  if (fetched.content.byteLength > room) throw new TooLarge();
  return fetched;
};

/** https://hl7.org/fhir/uv/ips/OperationDefinition/summary */
export const summaryOf = async (
  fhir: Interaction,
  context: Context,
  patient: string,
  room: number,
): Promise<Fetched> => {
  const { text, resource } = await fhir(context, get(['Patient', patient, '$summary']));
  const content = Buffer.from(text ?? JSON.stringify(resource));
  return fitting({ mimeType: 'application/fhir+json', content }, room);
};

/** Size and SHA-1 of what stands in the resource itself, whatever it says of them. Bytes of a Binary are not read for a list. */
export const inlineDigest = ({ content = [] }: DocumentReference): { size?: number; hash?: string } => {
  const { data } = (content[0]?.attachment ?? {}) as { data?: string };
  if (data === undefined) return {};
  const bytes = Buffer.from(data, 'base64');
  return { size: bytes.byteLength, hash: hash('sha1', bytes) };
};

interface Parts {
  readonly fhir: Interaction;
  readonly resources: Pick<Resources, 'get'>;
  readonly baseUrl: string;
}

/** Undefined: it is not kept here. @param patientKey where the DocumentReference lies: bytes of somebody else are not its bytes */
export const documentContent = async (
  { fhir, resources, baseUrl }: Parts,
  context: Context,
  { content = [] }: DocumentReference,
  patientKey: string,
  room: number,
): Promise<Fetched | undefined> => {
  const attachment = content[0]?.attachment as { contentType?: string; data?: string; url?: string } | undefined;
  const mimeType = attachment?.contentType ?? 'application/octet-stream';
  if (attachment?.data !== undefined)
    return fitting({ mimeType, content: Buffer.from(attachment.data, 'base64') }, room);
  const url = attachment?.url ?? '';
  const path = url.startsWith(`${baseUrl}/fhir/`) ? url.slice(baseUrl.length + 6) : url;
  const [, id] = /^Binary\/([A-Za-z0-9\-.]{1,64})$/.exec(path) ?? [];
  if (id === undefined) return undefined;
  const stored = await resources.get('Binary', id);
  if (stored?.patientKey !== patientKey) return undefined;
  const { bytes, resource, text } = await fhir(context, get(['Binary', id]));
  if (bytes) return fitting({ mimeType: attachment?.contentType ?? bytes.contentType, content: bytes.bytes }, room);
  const binary = (resource ?? parseTrusted(text ?? '{}')) as { data?: string };
  return fitting({ mimeType, content: Buffer.from(binary.data ?? '', 'base64') }, room);
};
