// What the stream of table `audit` tells: records and openings that were added, and whatever nobody should ever do to them.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from './record.ts';

/** An image as a Lambda event carries it: bytes are base64 text. */
type Image = Readonly<Record<string, { readonly S?: string; readonly N?: string; readonly B?: string }>>;

export interface StreamRecord {
  readonly eventName?: string | undefined;
  readonly dynamodb?: {
    readonly SequenceNumber?: string | undefined;
    readonly NewImage?: Image | undefined;
    readonly OldImage?: Image | undefined;
  };
}

/** An image as it goes into the archive, and comes back. */
export type Line =
  | { readonly added: Image }
  /** What was there, by its keys and hash, and what stands there now. */
  | { readonly changed: { readonly before: Image; readonly now: Image } }
  | { readonly removed: Image };

export interface Change {
  readonly line: Line;
  /** Milliseconds of the record; decides the day under which it is archived. */
  readonly time: number;
}

/** Undefined: of no concern to the archive (how far the trail is sealed; pointers, which follow from records). */
export const changeOf = ({ eventName, dynamodb = {} }: StreamRecord): Change | undefined => {
  const { NewImage: now, OldImage: before } = dynamodb;
  const image = now ?? before;
  const p = image?.p?.S;
  const s = image?.s?.S;
  if (!image || p === undefined || s === undefined) throw new Error('a record of the stream without its keys');
  const time = Number(s.split('#')[0]);
  if (p === 'S') return eventName === 'REMOVE' ? { line: { removed: image }, time: 0 } : undefined;
  if (!Number.isInteger(time)) throw new Error('a row of no known form');
  if (eventName === 'REMOVE') return { line: { removed: image }, time };
  if (!p.startsWith('C#') && !p.startsWith('O#')) return undefined;
  if (eventName === 'MODIFY' && before && now)
    return sameImage(before, now) ? undefined : { line: { changed: { before, now } }, time };
  return now && { line: { added: now }, time };
};

const sameImage = (a: Image, b: Image) => {
  const names = Object.keys({ ...a, ...b });
  return names.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
};

/** An archived image as an item of the table. */
export const itemOf = (image: Image): Item =>
  Object.fromEntries(
    Object.entries(image).map(([name, value]): [string, AttributeValue] => [
      name,
      value.B === undefined ? (value as AttributeValue) : { B: Buffer.from(value.B, 'base64') },
    ]),
  );
