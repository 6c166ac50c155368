// XDS metadata as FHIR: valid whatever a registry writes, ordered by when the document was made.
import { expect, it } from 'vitest';
import { isSamePatient } from '../../../functions/federation/ihe-discovery.ts';
import { binaryOf, entryUuidOf, idOf, resourceOf } from '../../../functions/federation/ihe-documents.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import type { DocumentEntry } from '../../../functions/ihe/xca/entry.ts';
import { clinicalSpan } from '../../../functions/search/placement.ts';
import { cx, documentOf } from './ihe-community.ts';

const { entry, content } = documentOf(3, 'P-1');
const shown = (more: Partial<DocumentEntry> = {}) => resourceOf({ ...entry, ...more }, cx('P-1'));

it.each<[string, Partial<DocumentEntry>]>([
  ['in full', {}],
  ['made on demand', { onDemand: true, hash: undefined, size: undefined, creationTime: undefined }],
  ['of a day', { creationTime: '20261103' }],
  ['of a year', { creationTime: '2026' }],
  ['of a day that is none', { creationTime: '20261399' }],
  ['of no time', { creationTime: 'yesterday', serviceStartTime: '-', serviceStopTime: '' }],
  [
    'with nothing that may be left out',
    {
      title: undefined,
      typeCode: undefined,
      classCode: undefined,
      formatCode: undefined,
      authors: [],
      confidentialityCodes: [],
      facilityTypeCode: undefined,
      practiceSettingCode: undefined,
      languageCode: undefined,
    },
  ],
  ['with ids of its own', { entryUuid: 'urn:oid:1.2.3', uniqueId: '1.2.3^a b' }],
  ['with empty texts', { title: '', comments: '', languageCode: '', mimeType: '' }],
  ['of codes of its own', { typeCode: { code: ' a  b ', scheme: 'Connect-a-thon classCodes' } }],
  ['by nobody', { authors: [{ person: '^^', institutions: [''], roles: [], specialties: [] }] }],
])('a document %s is a valid DocumentReference', (_, more) => {
  expect(validate(shown(more) as never)).toEqual([]);
});

it('has the time at which it was made as its date, where that is a time', () => {
  expect(shown().date).toBe('2026-11-03T01:02:03Z');
  expect(shown({ creationTime: '20261103' })).not.toHaveProperty('date');
  expect(clinicalSpan(shown())?.low).toBe(Date.parse('2026-11-03T01:02:03Z'));
});

it('is named by its UUID, or by a digest of what else it is called', () => {
  expect(entryUuidOf(idOf(entry))).toBe(entry.entryUuid);
  expect(entryUuidOf(idOf({ entryUuid: 'urn:oid:1.2.3' }))).toBeUndefined();
  expect(idOf({ entryUuid: 'urn:uuid:../../x' })).toMatch(/^[0-9a-f]{48}$/);
});

it('is given as a valid Binary of what was said of it', () => {
  const binary = binaryOf(entry, { mimeType: 'text/html', content });
  expect(validate(binary as never)).toEqual([]);
  expect(binary).toMatchObject({ contentType: 'text/plain', id: idOf(entry) });
});

it.each([
  ['1^^^&2.3&ISO', '1^^^NS&2.3&ISO', true],
  ['1^^^&2.3&ISO', '2^^^&2.3&ISO', false],
  ['1^^^&2.3&ISO', '1^^^&2.4&ISO', false],
  ['1^^^&2.3&ISO', '1', false],
])('%s and %s are one patient: %s', (one, other, is) => {
  expect(isSamePatient(one, other)).toBe(is);
});
