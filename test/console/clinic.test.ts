// The face of clinics in a real browser over two regions of the local stack. Each part is a file of `clinic/`.
import { describe } from 'vitest';
import { hasBrowser } from '../support/browser.ts';
import { camera } from './clinic/camera.ts';
import { documents } from './clinic/documents.ts';
import { keyboard } from './clinic/keyboard.ts';
import { large } from './clinic/large.ts';
import { lost } from './clinic/lost.ts';
import { regions } from './clinic/regions.ts';
import { roles } from './clinic/roles.ts';
import { sameName } from './clinic/same-name.ts';
import { states } from './clinic/states.ts';
import { visits } from './clinic/visit.ts';
import { givenStack } from './given.ts';
import { zoomed } from './zoom.ts';

describe.skipIf(!hasBrowser)('the chart in the console (skipped without /usr/bin/chromium)', () => {
  const given = givenStack({ regions: ['tokushima', 'kesen'], empty: false });
  visits(given);
  keyboard(given);
  roles(given);
  sameName(given);
  camera(given);
  documents(given);
  lost(given);
  regions(given);
  states(given);
  zoomed(() => ({ browser: given.browser, region: given.stack.region() }), 'staff:hospital-doctor', [
    '/clinic/register',
    '/clinic/patients/demo-resident-1',
    '/clinic',
  ]);
  large(given);
});
