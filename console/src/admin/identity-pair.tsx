// Two records side by side with what differs marked, and the decision: one person, two people, or a link taken back.
import { Alert, Badge, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from '../ui/confirm.tsx';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { Field, useForm, useSend } from '../ui/form.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import styles from './admin.module.css';
import { useFacilityName } from './data.ts';
import { type Pair, useIdentityText } from './identity.tsx';
import { LINES, linesOf, parted, type Side } from './identity-sides.ts';
import { AdminPage, Section, To } from './page.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: {
    title: '2つの記録を比べる',
    item: '項目',
    same: '一致',
    differs: '違う',
    one: '片方だけ',
    verdict: '比較',
    facility: '施設',
    patient: '患者ID',
    kanji: '氏名（漢字）',
    kana: '氏名（かな）',
    oldNames: '以前の氏名',
    birthDate: '生年月日',
    sex: '性別',
    phone: '電話番号',
    postcode: '郵便番号',
    address: '住所',
    numbers: '番号（患者番号・保険など）',
    deceased: '死亡',
    score: '点数',
    probability: '同一人の見込み',
    state: '現在の扱い',
    reason: '理由',
    decide: '決める',
    link: '同じ人にする',
    linkText: 'どちらかに連結しているすべての記録が、1人のものになります。後で元に戻せます。',
    different: '別の人にする',
    differentText: '自動では連結されず、再び尋ねられません。',
    unlink: '連結を取り消す',
    unlinkText: '連結する前の状態に正確に戻します。',
    confirm: '連結は正しい',
    confirmText: '疑いを解き、連結したままにします。',
    merge: '同じ施設の重複として統合する',
    mergeText: '一方を残し、他方を使わない記録にします。後で元に戻せます。',
    unmerge: '統合を取り消す',
    unmergeText: '統合する前の状態に戻します。',
    keep: '残す記録',
    persons: 'それぞれの人の、すべての記録',
    back: '名寄せの確認',
  },
  en: {
    title: 'Two records side by side',
    item: 'Element',
    same: 'same',
    differs: 'differs',
    one: 'one only',
    verdict: 'Comparison',
    facility: 'Facility',
    patient: 'Patient id',
    kanji: 'Name (kanji)',
    kana: 'Name (kana)',
    oldNames: 'Former names',
    birthDate: 'Date of birth',
    sex: 'Sex',
    phone: 'Telephone',
    postcode: 'Postcode',
    address: 'Address',
    numbers: 'Numbers (patient, insurance)',
    deceased: 'Deceased',
    score: 'Score',
    probability: 'Probably one person',
    state: 'What is known',
    reason: 'Reason',
    decide: 'Decide',
    link: 'One person',
    linkText: 'All that is linked to either becomes one person. It can be taken back.',
    different: 'Not the same',
    differentText: 'They are never linked by rule, and nobody is asked again.',
    unlink: 'Take the link back',
    unlinkText: 'Restores exactly what was before the link.',
    confirm: 'The link is right',
    confirmText: 'Ends the doubt and leaves the link.',
    merge: 'Merge as duplicates of one facility',
    mergeText: 'One record stays, the other is no longer used. It can be taken back.',
    unmerge: 'Take the merge back',
    unmergeText: 'Restores what was before the merge.',
    keep: 'Record that stays',
    persons: 'All records of each person',
    back: 'Identity review',
  },
});

interface Seen extends Pair {
  readonly sides: readonly [Side, Side];
  readonly difference: { readonly score: number; readonly probability: number; readonly grade: string };
}

const PairPage = (): ReactNode => {
  const t = useText();
  const { pair = '' } = useParams({ strict: false }) as { pair?: string };
  const api = useApi();
  const { data, error, refetch } = useQuery({
    queryKey: ['pair', pair],
    queryFn: async ({ signal }) =>
      (await api.ask<Seen>(`/identity/pairs/${encodeURIComponent(pair)}`, { signal })).value,
  });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <AdminPage title={t('title')} back={{ to: '/admin/identity', label: t('back') }}>
      <Summary pair={data} />
      <Sides pair={data} />
      <Decide pair={data} />
      <Section title={t('persons')}>
        <Group>
          {data.patients.map((id) => (
            <To key={id} to={`/admin/identity/patients/${id}`}>
              {id}
            </To>
          ))}
        </Group>
      </Section>
    </AdminPage>
  );
};

const Summary = ({ pair }: { readonly pair: Seen }): ReactNode => {
  const t = useText();
  const i = useIdentityText();
  const term = useTerm();
  const { language } = useLanguage();
  return (
    <Stack>
      {pair.doubt && <Alert color="orange">{i('doubt')}</Alert>}
      <Facts
        of={[
          [
            t('state'),
            <Badge key="state" color="cyan">
              {term('pair', pair.state)}
            </Badge>,
          ],
          [t('score'), pair.difference.score.toFixed(1)],
          [t('probability'), `${(pair.difference.probability * 100).toFixed(1)} %`],
          [t('reason'), pair.reason],
          [i('since'), dateText(language, pair.at)],
        ]}
      />
    </Stack>
  );
};

const Sides = ({ pair }: { readonly pair: Seen }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const facilityName = useFacilityName();
  const [a, b] = pair.sides;
  const [one, other] = [linesOf(a), linesOf(b)];
  const shown = LINES.filter((line) => one[line] !== '' || other[line] !== '');
  return (
    <table className={styles.pair}>
      <thead>
        <tr>
          <th scope="col">{t('item')}</th>
          {[a, b].map(({ facility, patient }) => (
            <th scope="col" key={patient}>
              {facilityName(facility)}
              <Text size="xs" c="dimmed">
                {patient}
              </Text>
            </th>
          ))}
          <th scope="col">{t('verdict')}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map((line) => {
          const isSame = one[line] === other[line];
          const verdict = isSame ? 'same' : one[line] === '' || other[line] === '' ? 'one' : 'differs';
          const text = (value: string) => (line === 'sex' ? term('sex', value) : value);
          return (
            <tr key={line}>
              <th scope="row">{t(line)}</th>
              <td className={verdict === 'differs' ? styles.differs : undefined}>
                <Marked of={text(one[line])} against={text(other[line])} marks={verdict === 'differs'} />
              </td>
              <td className={verdict === 'differs' ? styles.differs : undefined}>
                <Marked of={text(other[line])} against={text(one[line])} marks={verdict === 'differs'} />
              </td>
              <td>
                {verdict === 'differs' ? '≠ ' : verdict === 'same' ? '＝ ' : ''}
                {t(verdict)}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
};

const Marked = ({
  of,
  against,
  marks,
}: {
  readonly of: string;
  readonly against: string;
  readonly marks: boolean;
}): ReactNode =>
  marks
    ? parted(of, against).map(({ text, differs }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have no other name
        <span key={at}>{differs ? <mark>{text}</mark> : text}</span>
      ))
    : of || '—';

const Decide = ({ pair }: { readonly pair: Seen }): ReactNode => {
  const t = useText();
  const api = useApi();
  const navigate = useNavigate();
  const form = useForm({ reason: '' });
  const [kept, setKept] = useState(pair.patients[0]);
  const stale = {
    stale: ['identity', 'pair', 'person-of'],
    // What was decided on the page is shown on the page; a question that is answered leads to the next.
    done: () => (pair.state === 'review' || pair.doubt ? void navigate({ to: '/admin/identity' }) : undefined),
  };
  const { reason } = form.values;
  const post = (path: string, body: object) =>
    api.ask(`/identity/${path}`, { method: 'POST', body: { ...body, reason } });
  const link = useSend(() => post('links', { patients: pair.patients }), stale);
  const different = useSend(() => post('differences', { patients: pair.patients }), stale);
  const unlink = useSend(() => post(`pairs/${pair.id}/unlink`, {}), stale);
  const confirm = useSend(() => post(`pairs/${pair.id}/confirm`, {}), stale);
  const unmerge = useSend(() => post(`pairs/${pair.id}/unmerge`, {}), stale);
  const merge = useSend(() => post('merges', { kept, replaced: pair.patients.find((id) => id !== kept) }), stale);
  const blocked = reason.trim() === '';
  const because = (error: unknown) => (
    <Field form={form} name="reason" label={t('reason')} error={error} lines={3} required />
  );
  const isLinked = pair.state === 'linked';
  const isDuplicate = pair.state === 'duplicate';
  const isOfOne = pair.sides[0].facility === pair.sides[1].facility;
  return (
    <Section title={t('decide')}>
      <Group>
        {!isLinked && !isDuplicate && (
          <Confirm
            label={t('link')}
            text={t('linkText')}
            variant="filled"
            send={link}
            onConfirm={() => link.mutateAsync()}
            blocked={blocked}
          >
            {because(link.error)}
          </Confirm>
        )}
        {pair.state === 'review' && (
          <Confirm
            label={t('different')}
            text={t('differentText')}
            color="orange"
            send={different}
            onConfirm={() => different.mutateAsync()}
            blocked={blocked}
          >
            {because(different.error)}
          </Confirm>
        )}
        {isLinked && pair.doubt && (
          <Confirm
            label={t('confirm')}
            text={t('confirmText')}
            send={confirm}
            onConfirm={() => confirm.mutateAsync()}
            blocked={blocked}
          >
            {because(confirm.error)}
          </Confirm>
        )}
        {isLinked && (
          <Confirm
            label={t('unlink')}
            text={t('unlinkText')}
            color="red"
            send={unlink}
            onConfirm={() => unlink.mutateAsync()}
            blocked={blocked}
          >
            {because(unlink.error)}
          </Confirm>
        )}
        {isOfOne && !isDuplicate && (
          <Confirm
            label={t('merge')}
            text={t('mergeText')}
            send={merge}
            onConfirm={() => merge.mutateAsync()}
            blocked={blocked}
          >
            <NativeSelect
              label={t('keep')}
              data={[...pair.patients]}
              value={kept}
              onChange={(event) => setKept(event.currentTarget.value)}
            />
            {because(merge.error)}
          </Confirm>
        )}
        {isDuplicate && (
          <Confirm
            label={t('unmerge')}
            text={t('unmergeText')}
            color="red"
            send={unmerge}
            onConfirm={() => unmerge.mutateAsync()}
            blocked={blocked}
          >
            {because(unmerge.error)}
          </Confirm>
        )}
      </Group>
    </Section>
  );
};

export default PairPage;
