// `npm run -s token -- --region R --as WHO`: prints an access token and nothing else; `--list` the names.
import { parseArgs } from 'node:util';
import { demoToken } from './demo/demo-token.ts';
import { demoNames } from './demo/identities.ts';
import { readEndpoints } from './endpoints.ts';
import { LocalError } from './local-dir.ts';

/** An access token for a demo identity of the stack that is running. */
export const getToken = (region: string, who: string): Promise<string> => demoToken(readEndpoints(region), who);

const main = async () => {
  try {
    const { values } = parseArgs({
      options: { region: { type: 'string' }, as: { type: 'string' }, list: { type: 'boolean' } },
    });
    if (values.list) return console.log(demoNames().join('\n'));
    if (!values.as) throw new LocalError('whose token? npm run -s token -- --region R --as WHO (--list names them)');
    console.log(await getToken(values.region ?? 'tokushima', values.as));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
};

if (import.meta.main) await main();
