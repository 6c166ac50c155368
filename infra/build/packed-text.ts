// Modules that are nothing but long texts (rule tables, the compression dictionary) go into bundles packed: they stay readable
// in the source, and a Lambda that loads them reads a third of the bytes.
import { brotliCompressSync, constants } from 'node:zlib';
import type { Plugin } from 'esbuild';

const TEXTS = /functions\/(profiles\/jp-core\/(extensions|observation|others)|storage\/dictionaries\/[^/]+)\.ts$/;

export const packedText: Plugin = {
  name: 'packed-text',
  setup: ({ onLoad }) => {
    onLoad({ filter: TEXTS }, async ({ path }) => {
      const texts = Object.entries((await import(path)) as Record<string, unknown>);
      return { loader: 'js', contents: UNPACK + texts.map((one) => packed(path, ...one)).join('\n') };
    });
  },
};

const UNPACK = `import { brotliDecompressSync } from 'node:zlib';
const unpack = (text) => brotliDecompressSync(Buffer.from(text, 'base64')).toString();
`;

const packed = (path: string, name: string, text: unknown): string => {
  if (typeof text !== 'string') throw new Error(`${path}: ${name} is not a text, so the module cannot be packed`);
  const bytes = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: Buffer.byteLength(text) } });
  return `export const ${name} = unpack('${bytes.toString('base64')}');`;
};
