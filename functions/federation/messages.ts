// What regions say to each other below `<baseUrl>/federation/answer`: POST, JSON, the assertion and its proof in the headers
// (docs/federation.md, "The protocol"). Bodies only: an address stands in logs.
import * as z from 'zod/mini';

const text = (most: number) => z.string().check(z.minLength(1), z.maxLength(most));
const Id = z.string().check(z.regex(/^[A-Za-z0-9\-.]{1,64}$/, 'not a FHIR id'));
export const IdentifierOf = z.strictObject({ system: text(300), value: text(200) });
export type IdentifierOf = z.infer<typeof IdentifierOf>;

const texts = z.array(text(200)).check(z.maxLength(10));
/** As a Patient has them, and no more than matching compares. */
export const Demographics = z.strictObject({
  name: z
    .array(
      z.strictObject({
        family: z.optional(text(200)),
        given: z.optional(texts),
        text: z.optional(text(300)),
        use: z.optional(text(20)),
        extension: z.optional(z.array(z.strictObject({ url: text(200), valueCode: text(10) }))),
      }),
    )
    .check(z.maxLength(10)),
  birthDate: z.optional(text(10)),
  gender: z.optional(text(10)),
  telecom: z.array(z.strictObject({ system: z.optional(text(20)), value: text(100) })).check(z.maxLength(20)),
  address: z
    .array(
      z.strictObject({
        postalCode: z.optional(text(20)),
        city: z.optional(text(100)),
        line: z.optional(texts),
        text: z.optional(text(300)),
      }),
    )
    .check(z.maxLength(10)),
});
export type Demographics = z.infer<typeof Demographics>;

/** Why the glass is broken, in the words of who breaks it: with the purpose BTG only. */
const reason = z.optional(text(800));

/** IHE ITI-55 XCPD in JSON: identifiers alone first, everything else only when they lead nowhere and the person has opted in. */
export const DiscoverRequest = z.strictObject({
  identifiers: z.array(IdentifierOf).check(z.maxLength(30)),
  demographics: z.optional(Demographics),
  /** What a pairing calls the person: then nothing else is said. */
  pairing: z.optional(text(2_000)),
  reason,
});
export type DiscoverRequest = z.infer<typeof DiscoverRequest>;

/** `ask`: more than one could be meant; one of these would tell. */
export const ATTRIBUTES = ['name', 'birthDate', 'gender', 'telecom', 'address', 'identifier'] as const;

export const DiscoverAnswer = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('match'),
    /** What queries name the person by: sealed by the answering region, good for the asking one, until either side unlinks. */
    handle: text(2_000),
    /** All Patients of the person there that may be known to us: whoever else comes back is somebody else. */
    patients: z.array(Id).check(z.minLength(1), z.maxLength(50)),
    birthDate: z.optional(text(10)),
    gender: z.optional(text(10)),
  }),
  z.looseObject({ kind: z.literal('none') }),
  z.looseObject({
    kind: z.literal('ask'),
    attributes: z.array(z.enum(ATTRIBUTES)).check(z.maxLength(ATTRIBUTES.length)),
  }),
]);
export type DiscoverAnswer = z.infer<typeof DiscoverAnswer>;

// A cursor of `$everything` names what was already told along with it.
const Params = z.array(z.tuple([text(100), z.string().check(z.maxLength(16_000))])).check(z.maxLength(100));

export const QueryRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('search'), handle: text(2_000), type: text(40), params: Params, reason }),
  z.strictObject({ kind: z.literal('everything'), handle: text(2_000), params: Params, reason }),
  z.strictObject({ kind: z.literal('read'), handle: text(2_000), type: text(40), id: Id, reason }),
]);
export type QueryRequest = z.infer<typeof QueryRequest>;

/** The one refusal that has a meaning of its own: the handle is good no more, find the person anew. */
export const UNKNOWN_HANDLE = 'correlation-ended';

/** A code that the answering region has given out, and what the asking one calls the person; or the end of a pairing. */
export const PairRequest = z.union([
  z.strictObject({ code: text(40), token: text(2_000) }),
  z.strictObject({ end: text(2_000) }),
]);
export type PairRequest = z.infer<typeof PairRequest>;

export const PairAnswer = z.looseObject({ token: text(2_000) });
export type PairAnswer = z.infer<typeof PairAnswer>;
