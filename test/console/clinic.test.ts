// The face of clinics in a real browser over two regions of the local stack. Each part is a file of `clinic/`.
import { describe } from 'vitest';
import { hasBrowser } from '../support/browser.ts';
import { documents } from './clinic/documents.ts';
import { large } from './clinic/large.ts';
import { regions } from './clinic/regions.ts';
import { roles } from './clinic/roles.ts';
import { visits } from './clinic/visit.ts';
import { givenStack } from './given.ts';

describe.skipIf(!hasBrowser)('the chart in the console (skipped without /usr/bin/chromium)', () => {
  const given = givenStack({ regions: ['tokushima', 'kesen'], empty: false });
  visits(given);
  roles(given);
  documents(given);
  regions(given);
  large(given);
});
