// Tells the privacy officers of facilities by mail: of the facility whose staff has read, and of those whose patient it is. The mail
// says that there is something to look at and under which number; who and what stands in the queue of the region's privacy office.
import type { AuditRecord } from '../audit/port.ts';
import { REGION_OWNER } from '../consent/matrix.ts';
import type { RowStore } from '../services/row-store.ts';
import type { Topic } from '../services/sns.ts';
import type { Resources } from '../storage/port.ts';
import type { Finding } from './findings.ts';
import type { Look } from './reading-watch.ts';

export interface OfficersDeps {
  readonly topic: Pick<Topic, 'publish'>;
  readonly rows: Pick<RowStore, 'get' | 'write'>;
  readonly resources: Pick<Resources, 'headsAt' | 'getMany'>;
  readonly region: string;
  /** Of the console, no slash at the end. */
  readonly console: string;
  readonly clock: () => number;
}

export interface Officers {
  /** Cases of broken glass among what was read; each is told once. */
  ofBrokenGlass(looks: readonly Look[]): Promise<void>;
  /** Something unusual that was read. */
  ofFinding(finding: Finding): Promise<void>;
}

/** Rows of `registry`: p `officers#told`, s the case. A mail too many in a rare failure is better than one that never came. */
const TOLD = 'officers#told';
const TOLD_MS = 60 * 86_400_000;

export const openOfficers = ({ topic, rows, resources, region, console, clock }: OfficersDeps): Officers => {
  const tell = async (facilities: readonly string[], japanese: string, english: string, page: string) => {
    if (facilities.length === 0) return;
    const text = [
      japanese,
      `担当者の確認画面: ${console}${page}`,
      '',
      english,
      `Review entry: ${console}${page}`,
      '',
      'このメールに個人情報は含まれません。This mail holds no personal data.',
    ].join('\n');
    await topic.publish({ subject: `Tsumugi ${region}: privacy review`, text, attributes: { facility: facilities } });
  };

  return {
    ofBrokenGlass: async (looks) => {
      const cases = new Map<string, AuditRecord>();
      for (const { record } of looks)
        if (record.purpose === 'BTG' && record.grant !== undefined && !cases.has(record.grant))
          cases.set(record.grant, record);
      for (const [id, record] of cases) {
        if (await rows.get(TOLD, id)) continue;
        const facilities = new Set(await facilitiesOf(resources, record.patientKey));
        if (record.facility !== undefined) facilities.add(record.facility);
        await tell(
          [...facilities],
          '緊急時閲覧（break-glass）が行われました。貴機関の職員による閲覧、または貴機関の患者の閲覧です。',
          'The glass was broken: by staff of your facility, or for a patient of your facility.',
          `/admin/break-glass/${id}`,
        );
        await rows.write([{ kind: 'put', p: TOLD, s: id, data: {}, until: clock() + TOLD_MS }]);
      }
    },
    ofFinding: ({ facility }) =>
      tell(
        facility === undefined ? [] : [facility],
        '貴機関の職員またはシステムに、通常と異なる閲覧がありました。',
        'Staff or a system of your facility has read what is unusual.',
        '/admin/unusual',
      ),
  };
};

/** Facilities that have a record of the person; the region's own is nobody's patient. */
const facilitiesOf = async (
  resources: OfficersDeps['resources'],
  patientKey: string | undefined,
): Promise<readonly string[]> => {
  if (patientKey === undefined) return [];
  const [head] = await resources.headsAt([patientKey]);
  const found: string[] = [];
  // One by one: a batch would be a permission more, and a person has few records.
  for (const id of head?.linked ?? []) {
    const [stored] = await resources.getMany([{ type: 'Patient', id }]);
    if (stored && !stored.deleted && stored.facility !== REGION_OWNER) found.push(stored.facility);
  }
  return found;
};
