// GET /federation/certificates: by what partners believe our assertions (XUA), open to everybody as a key set is. POST: the desk makes the
// next key, or takes one out. docs/federation.md, "The key of the SOAP faces".
import * as z from 'zod/mini';
import type { Context } from '../interactions/contract.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import type { XuaKeys } from './xua-key.ts';

const DESK = ['admin', 'operator'] as const;
const DAY = 86_400_000;
/** What a partner needs to enter a new certificate, and to have it confirmed. */
const OVERLAP_DAYS = 30;

const Next = z.strictObject({
  /** Days until it signs; 0: at once, since the key that signs now was found out. */
  signsInDays: z.optional(z.int().check(z.minimum(0), z.maximum(90))),
  reason: z.string().check(z.trim(), z.minLength(1), z.maxLength(300)),
});
const Retire = z.strictObject({ reason: z.string().check(z.trim(), z.minLength(1), z.maxLength(300)) });

export interface CertificateParts {
  readonly keys: Pick<XuaKeys, 'published' | 'next' | 'retire'>;
  readonly clock: () => number;
  readonly community: string;
}

/** What everybody may know. */
export const publishedCertificates = async ({ keys, community }: Omit<CertificateParts, 'clock'>) => ({
  community,
  certificates: await keys.published(),
});

export const certificateRoutes = (parts: CertificateParts): JsonRoute[] => {
  const { keys, clock } = parts;
  const changed = async (context: Context, serial: string, action: 'C' | 'D') => {
    note(context, action, `federation/certificates/${serial}`);
    return { status: action === 'C' ? 201 : 200, body: await publishedCertificates(parts) };
  };
  return [
    route({
      method: 'POST',
      path: '/federation/certificates',
      interaction: 'certificate-next',
      roles: DESK,
      body: Next,
      handle: async (context, { body: { signsInDays = OVERLAP_DAYS } }) =>
        changed(context, (await keys.next(clock() + signsInDays * DAY)).serial, 'C'),
    }),
    route({
      method: 'POST',
      path: '/federation/certificates/{serial}/retire',
      interaction: 'certificate-retire',
      roles: DESK,
      body: Retire,
      handle: async (context, { params }) => {
        await keys.retire(params.serial!);
        return changed(context, params.serial!, 'D');
      },
    }),
  ];
};
