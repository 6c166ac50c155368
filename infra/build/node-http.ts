// `import … from 'node:http'` copies every name of the module, and to read the name `WebSocket` Node loads undici, its HTTP client:
// a fifth of a cold start for something that nothing here uses. A module that is asked for by name only loads what is asked for.
import type { Plugin } from 'esbuild';

const BY_NAME = 'by-name';

export const nodeHttp: Plugin = {
  name: 'node-http',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node:)?http$/ }, () => ({ path: 'node:http', namespace: BY_NAME }));
    onLoad({ filter: /.*/, namespace: BY_NAME }, ({ path }) => ({
      loader: 'js',
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};
