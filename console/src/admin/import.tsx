// Lists of facilities and staff as CSV: checked first, all faults at once by line and column, and written only when there is none.
import { Alert, Button, FileInput, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import { DataTable } from '../ui/list.tsx';
import { inWords } from '../ui/rules.ts';
import { saveFile } from '../ui/save-file.ts';
import { Failure } from '../ui/states.tsx';
import { AdminPage } from './page.tsx';

const useText = words({
  ja: {
    title: '一括登録（CSV）',
    about: '施設と職員の一覧をCSVで登録します。UTF-8でもShift_JIS（Excel）でもかまいません。一度に100行までです。',
    kind: '一覧の種類',
    facilities: '施設',
    staff: '職員',
    file: 'CSVファイル',
    check: '確かめる',
    write: '登録する',
    template: '見出しだけのCSVを保存する',
    clean: '{lines}行に誤りはありません。登録できます。',
    faulty: '{lines}行のうち{count}か所に誤りがあります。直してから、もう一度選んでください。',
    written: '{lines}行のうち{written}行を登録・変更しました。{unchanged}行は登録済みです。',
    faults: '誤り',
    line: '行',
    column: '列',
    rule: '内容',
    invited: '招待された職員には、仮パスワードがメールで届きます。',
  },
  en: {
    title: 'Lists (CSV)',
    about: 'Lists of facilities and staff as CSV, in UTF-8 or Shift_JIS as Excel writes it; 100 lines at a time.',
    kind: 'Kind of list',
    facilities: 'Facilities',
    staff: 'Staff',
    file: 'CSV file',
    check: 'Check',
    write: 'Write',
    template: 'Save a CSV with the headings',
    clean: 'No fault in {lines} lines. It can be written.',
    faulty: '{count} faults in {lines} lines. Please correct them and choose the file again.',
    written: 'Of {lines} lines {written} were written, {unchanged} were there already.',
    faults: 'Faults',
    line: 'Line',
    column: 'Column',
    rule: 'Fault',
    invited: 'Those who are invited get a temporary password by mail.',
  },
});

type Kind = 'facilities' | 'staff';

/** docs/administration.md, "Lists". */
const HEADINGS: Readonly<Record<Kind, string>> = {
  facilities: '医療機関コード,種別,名称,カナ,市区町村コード,開示,閲覧,料金区分,他のコード',
  staff: 'ユーザー名,メールアドレス,姓,名,セイ,メイ,職種,免許番号,役割,施設コード,申請書番号',
};

interface Fault {
  readonly line: number;
  readonly column: string;
  readonly rule: string;
}
interface Checked {
  readonly lines: number;
  readonly faults: readonly Fault[];
}
interface Written {
  readonly lines: number;
  readonly written: number;
  readonly unchanged: number;
}

const Import = (): ReactNode => {
  const t = useText();
  const [kind, setKind] = useState<Kind>('facilities');
  const [file, setFile] = useState<File | null>(null);
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <Group align="flex-end">
        <SegmentedControl
          aria-label={t('kind')}
          value={kind}
          onChange={(next) => setKind(next as Kind)}
          data={[
            { value: 'facilities', label: t('facilities') },
            { value: 'staff', label: t('staff') },
          ]}
        />
        <FileInput label={t('file')} value={file} onChange={setFile} accept=".csv,text/csv" w={320} maw="100%" />
        <Button variant="subtle" onClick={() => saveFile(`${kind}.csv`, `\uFEFF${HEADINGS[kind]}\r\n`, 'text/csv')}>
          {t('template')}
        </Button>
      </Group>
      {kind === 'staff' && <Text size="sm">{t('invited')}</Text>}
      {file && <Sending key={`${kind} ${file.name} ${file.lastModified} ${file.size}`} kind={kind} file={file} />}
    </AdminPage>
  );
};

const Sending = ({ kind, file }: { readonly kind: Kind; readonly file: File }): ReactNode => {
  const t = useText();
  const api = useApi();
  const post = async <T,>(query: string) =>
    (await api.ask<T>(`/admin/import/${kind}${query}`, { method: 'POST', bytes: file })).value;
  const check = useSend(() => post<Checked>('?dryRun=true'));
  const write = useSend(() => post<Written>(''), { stale: ['facilities', 'staff'] });
  const faults = check.data?.faults ?? [];
  const lines = check.data?.lines ?? 0;
  return (
    <Stack>
      <Group>
        <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
          {t('check')}
        </Button>
        {check.data && faults.length === 0 && (
          <Button loading={write.isPending} onClick={() => write.mutate()} disabled={write.isSuccess}>
            {t('write')}
          </Button>
        )}
      </Group>
      <div aria-live="polite">
        {check.data && !write.isSuccess && (
          <Alert color={faults.length === 0 ? 'green' : 'orange'}>
            {faults.length === 0 ? t('clean', { lines }) : t('faulty', { lines, count: faults.length })}
          </Alert>
        )}
        {write.data && <Alert color="green">{t('written', { ...write.data })}</Alert>}
      </div>
      {faults.length > 0 && (
        <DataTable<Fault>
          label={t('faults')}
          rows={faults}
          keyOf={({ line, column, rule }) => `${line} ${column} ${rule}`}
          minWidth={360}
          columns={[
            { name: t('line'), numeric: true, cell: ({ line }) => line },
            { name: t('column'), cell: ({ column }) => column },
            { name: t('rule'), cell: ({ rule }) => inWords(rule) },
          ]}
        />
      )}
      {check.error !== null && <Failure error={check.error} />}
      {write.error !== null && <Failure error={write.error} />}
    </Stack>
  );
};

export default Import;
