// Whole records, as hospitals' systems might send them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { parseJson } from '../../../functions/fhir/json.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { sharedData, unpack } from './shared-data.ts';

const synthea = sharedData('patients/synthea-150');
const japan = sharedData('patients/japan-257-ndjson.tar.gz');

it.skipIf(!synthea)(`accepts Synthea’s transaction bundles${synthea ? '' : ' (skipped: no shared data)'}`, () => {
  const files = readdirSync(synthea!).filter((name) => name.endsWith('.gz'));
  // Every 15th of 151: they are alike, and parsing all of them takes seconds.
  for (const name of files.filter((_, at) => at % 15 === 0)) {
    expect(validate(parseJson(gunzipSync(readFileSync(join(synthea!, name))))), name).toEqual([]);
  }
});

/** What the generator gets wrong; R4 has the last word on each: the rule stands behind the path. */
const JAPAN_FAULTS = {
  // `link` may be a Reference(Media); the generator refers to an ImagingStudy or a DocumentReference.
  'DiagnosticReport.media.link.reference': 'may refer to Media only',
  // Strings are not empty: https://hl7.org/fhir/R4/datatypes.html#string
  'DiagnosticReport.code.coding.code': 'must not be empty',
  'DiagnosticReport.code.coding.display': 'must not be empty',
  'DiagnosticReport.code.text': 'must not be empty',
};

it.skipIf(!japan)(
  `accepts the Japanese records but for four faults of their generator${japan ? '' : ' (skipped: no shared data)'}`,
  () => {
    const seen: Record<string, string> = {};
    let refused = 0;
    for (const [name, bytes] of unpack(japan!)) {
      if (!name.endsWith('.ndjson')) continue;
      const lines = bytes.toString().split('\n').filter(Boolean);
      // All reports, and a thousand of each other type.
      const step = name === 'DiagnosticReport.ndjson' ? 1 : Math.ceil(lines.length / 1000);
      for (const line of lines.filter((_, at) => at % step === 0)) {
        const issues = validate(parseJson(line));
        if (issues.length > 0) refused++;
        for (const { diagnostics } of issues) {
          const [path = '', text = ''] = diagnostics.split(': ');
          seen[path.replaceAll(/\[\d+\]/g, '')] = text;
        }
      }
    }
    expect(seen).toEqual(JAPAN_FAULTS);
    expect(refused).toBe(208);
  },
);
