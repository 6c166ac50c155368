// The signed paper as a picture: uploaded before the form is keyed in, kept with the region's documents, seen again through the person.
import { randomBytes } from 'node:crypto';
import { notFound, refuse } from '../fhir/outcome.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import { DESK, notePerson } from './desk-routes.ts';
import { findPerson } from './records.ts';
import type { Desk } from './services.ts';

/** Lambda's event holds 6 MB, in base64. */
const MOST_BYTES = 4 * 1024 * 1024;
const SHOWN_SECONDS = 60;

/** By what it begins with: the word of who sends it is not asked. */
const KINDS: readonly (readonly [string, readonly number[]])[] = [
  ['application/pdf', [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
];

const SCAN = /^scan-[0-9a-f]{32}$/;
const nameOf = (scan: string) => `scans/${scan}`;

export const scanRoutes = ({ documents, resources }: Desk): readonly JsonRoute[] => [
  route({
    method: 'POST',
    path: '/enrolment/scans',
    interaction: 'scan-create',
    roles: DESK,
    mostBytes: MOST_BYTES,
    body: 'bytes',
    handle: async (context, { body }) => {
      const kind = KINDS.find(([, start]) => start.every((byte, at) => body[at] === byte));
      if (!kind) throw refuse('unsupportedMedia', 'a scan is a PDF, a PNG or a JPEG');
      const scan = `scan-${randomBytes(16).toString('hex')}`;
      await documents.put(nameOf(scan), body, kind[0]);
      note(context, 'C', `scan/${scan}`);
      return { status: 201, body: { scan } };
    },
  }),
  route({
    method: 'GET',
    path: '/enrolment/people/{person}/scan',
    interaction: 'scan-read',
    roles: DESK,
    handle: async (context, { params }) => {
      const found = await findPerson(resources, params.person!);
      const scan = found?.enrolment.evidence?.scan ?? '';
      if (!found || !SCAN.test(scan)) throw notFound('a scan of this person’s form');
      notePerson({ resources }, context, 'R', { person: found.stored.id, patient: found.enrolment.patient });
      return { status: 200, body: { url: await documents.presignGet(nameOf(scan), SHOWN_SECONDS) } };
    },
  }),
];
