// Whether a PDF holds a script. Viewers run them (alerts, forms that send), so such a file is saved and not opened in the page.
// A script is an action whose /S is /JavaScript (ISO 32000-1, 12.6.4.16); actions are objects, and objects stand in the file as they
// are or within object streams (7.5.7). What cannot be looked into counts as holding one.

const NAME = 'JavaScript';

const latin1 = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

/** `/Java#53cript` is the same name (7.3.5). */
const unescaped = (text: string): string =>
  text.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const inflated = async (bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> => {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
    return latin1(new Uint8Array(await new Response(stream).arrayBuffer()));
  } catch {
    return undefined;
  }
};

/** From the `obj` before it to its `stream`; undefined: a comment or a string could be hiding a part of it. */
const dictionaryOf = (text: string, at: number, end: number): string | undefined => {
  const begin = text.lastIndexOf('obj', at);
  if (!/(?:^|[\r\n])\s*\d+\s+\d+\s+obj\s*<<$/.test(text.slice(Math.max(0, begin - 40), text.indexOf('<<', begin) + 2)))
    return undefined;
  const dictionary = text.slice(begin, end);
  const bare = dictionary.replace(/\\./gs, '');
  const isBalanced = (open: RegExp, close: RegExp) => bare.match(open)?.length === bare.match(close)?.length;
  return isBalanced(/\(/g, /\)/g) && isBalanced(/<</g, />>/g) ? unescaped(dictionary) : undefined;
};

/** What the object stream says whose dictionary is at this place; undefined: it cannot be read here. */
const objectStream = async (text: string, bytes: Uint8Array<ArrayBuffer>, at: number): Promise<string | undefined> => {
  const begin = /stream\r?\n/g;
  begin.lastIndex = at;
  const found = begin.exec(text);
  const dictionary = found && dictionaryOf(text, at, found.index);
  if (!dictionary || /\/Predictor\s*(?!1\b)\d/.test(dictionary)) return undefined;
  const filters = dictionary.match(/\/(?:\w*Decode|Crypt)\b/g) ?? [];
  if (filters.some((filter) => filter !== '/FlateDecode') || filters.length > 1) return undefined;
  const end = text.indexOf('endstream', begin.lastIndex);
  if (end < 0) return undefined;
  if (filters.length === 0) return text.slice(begin.lastIndex, end);
  // The end of line before `endstream` is no part of it, and may be one byte, two or none.
  for (const cut of [end - 1, end - 2, end]) {
    const read = await inflated(bytes.slice(begin.lastIndex, cut));
    if (read !== undefined) return read;
  }
  return undefined;
};

export const mayRunScripts = async (pdf: Blob): Promise<boolean> => {
  const bytes = new Uint8Array(await pdf.arrayBuffer());
  const text = latin1(bytes);
  const plain = unescaped(text);
  if (plain.includes(NAME)) return true;
  const places = [...text.matchAll(/\/ObjStm/g)].map(({ index }) => index);
  if (places.length !== [...plain.matchAll(/\/ObjStm/g)].length) return true;
  if (places.length > 0 && plain.includes('/Encrypt')) return true;
  for (const at of places) {
    const objects = await objectStream(text, bytes, at);
    if (objects === undefined || unescaped(objects).includes(NAME)) return true;
  }
  return false;
};
