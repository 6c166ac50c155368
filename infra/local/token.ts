// `npm run -s token -- --region R --as WHO`: prints an access token and nothing else; `--list` the names; `--code` the six digits
// that a demo person's authenticator would show now, for signing in to the console.
import { command, LocalError, readArgs } from '../command-line.ts';
import { stepAt, totpCode } from './cognito/totp.ts';
import { demoToken } from './demo/demo-token.ts';
import { demoNames, readSecrets } from './demo/identities.ts';
import { readEndpoints } from './endpoints.ts';

/** An access token for a demo identity of the stack that is running. */
export const getToken = (region: string, who: string): Promise<string> => demoToken(readEndpoints(region), who);

const getCode = (region: string, who: string): string => {
  const secret = readSecrets(readEndpoints(region)).people[who]?.totpSecret;
  if (!secret) throw new LocalError(`${who} has no second factor`);
  return totpCode(secret, stepAt(Date.now()));
};

const USAGE = 'npm run -s token -- --region R --as WHO [--code], or --list, which names them';

const main = async () => {
  const { values } = readArgs(USAGE, {
    options: {
      region: { type: 'string' },
      as: { type: 'string' },
      list: { type: 'boolean' },
      code: { type: 'boolean' },
    },
  });
  if (values.list) console.log(demoNames().join('\n'));
  else {
    const { region = 'tokushima', as } = values;
    if (!as) throw new LocalError(`whose token?\n${USAGE}`);
    console.log(values.code ? getCode(region, as) : await getToken(region, as));
  }
  return 0;
};

if (import.meta.main) await command(main);
