// Prints what Cognito would have mailed in a running local region, the newest last: `npm run -s mail -- --region R [--to ADDRESS]`.
import { command, readArgs } from '../command-line.ts';
import { type Letter, readLetters } from './cognito/outbox.ts';
import { readEndpoints } from './endpoints.ts';

const WHAT = { invitation: 'temporary password', 'new-password': 'code for a new password' } as const;

/** Of one region's pools. */
export const mailOf = (region: string, to?: string): Letter[] => {
  const { cognito, outbox } = readEndpoints(region);
  const pools = [cognito.staff.poolId, cognito.residents.poolId];
  return readLetters(outbox).filter((letter) => pools.includes(letter.pool) && (to === undefined || letter.to === to));
};

const main = () => {
  const { values } = readArgs('npm run -s mail -- --region R [--to ADDRESS]', {
    options: { region: { type: 'string' }, to: { type: 'string' } },
  });
  const letters = mailOf(values.region ?? 'tokushima', values.to);
  for (const { at, to, username, kind, secret } of letters)
    console.log(`${at}  to ${to} (${username})  ${WHAT[kind]}: ${secret}`);
  if (letters.length === 0) console.log('nothing was mailed');
  return 0;
};

if (import.meta.main) await command(main);
