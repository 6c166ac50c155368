// What Cognito would have mailed: invitations with a temporary password, codes for a new one. Nothing is sent; whoever tries
// the region reads it with `npm run -s mail`.
import { existsSync, readFileSync } from 'node:fs';
import { writeWhole } from '../local-dir.ts';

export interface Letter {
  /** ISO 8601. */
  readonly at: string;
  readonly pool: string;
  readonly to: string;
  readonly kind: 'invitation' | 'new-password';
  readonly username: string;
  /** The temporary password, or the code. */
  readonly secret: string;
}

export interface Outbox {
  put(letter: Letter): void;
  letters(): readonly Letter[];
}

const MOST = 200;

export const readLetters = (file: string): Letter[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Letter)
    : [];

/** Without a file: in memory. */
export const openOutbox = (file: string | undefined): Outbox => {
  let letters = file ? readLetters(file) : [];
  return {
    put: (letter) => {
      letters = [...letters, letter].slice(-MOST);
      if (file) writeWhole(file, letters.map((one) => `${JSON.stringify(one)}\n`).join(''));
    },
    letters: () => letters,
  };
};
