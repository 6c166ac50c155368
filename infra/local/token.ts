// `npm run -s token -- --region R --as WHO`: prints an access token and nothing else; `--list` the names; `--code` the six digits
// that a demo person's authenticator would show now, for signing in to the console.
import { parseArgs } from 'node:util';
import { stepAt, totpCode } from './cognito/totp.ts';
import { demoToken } from './demo/demo-token.ts';
import { demoNames, readSecrets } from './demo/identities.ts';
import { readEndpoints } from './endpoints.ts';
import { LocalError } from './local-dir.ts';

/** An access token for a demo identity of the stack that is running. */
export const getToken = (region: string, who: string): Promise<string> => demoToken(readEndpoints(region), who);

const getCode = (region: string, who: string): string => {
  const secret = readSecrets(readEndpoints(region)).people[who]?.totpSecret;
  if (!secret) throw new LocalError(`${who} has no second factor`);
  return totpCode(secret, stepAt(Date.now()));
};

const main = async () => {
  try {
    const { values } = parseArgs({
      options: {
        region: { type: 'string' },
        as: { type: 'string' },
        list: { type: 'boolean' },
        code: { type: 'boolean' },
      },
    });
    if (values.list) return console.log(demoNames().join('\n'));
    if (!values.as) throw new LocalError('whose token? npm run -s token -- --region R --as WHO (--list names them)');
    const { region = 'tokushima', as } = values;
    console.log(values.code ? getCode(region, as) : await getToken(region, as));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
};

if (import.meta.main) await main();
