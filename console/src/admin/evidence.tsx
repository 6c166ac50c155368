// How the desk knows who somebody is, and that the person said so: documents that were seen, the scan, who signed.
import { Checkbox, FileInput, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { useSend } from '../ui/form.tsx';
import { Failure, issuesAt } from '../ui/states.tsx';
import { Fields } from './page.tsx';
import { useChoices } from './terms.ts';

const useText = words({
  ja: {
    title: '確認した書類',
    kind: '意思表示の方法',
    checked: '本人確認書類（1つ以上）',
    scan: '署名済み用紙の読み取り（PDF・PNG・JPEG、4MBまで）',
    scanned: '保存しました',
    signedBy: '代筆・代理の署名者',
    uploading: '送信しています',
  },
  en: {
    title: 'Documents that were checked',
    kind: 'How the person said so',
    checked: 'Documents of identity (one or more)',
    scan: 'Scan of the signed form (PDF, PNG, JPEG; 4 MB at most)',
    scanned: 'Kept',
    signedBy: 'Who signed for the person',
    uploading: 'Sending',
  },
});

export interface EvidenceValue {
  readonly kind: string;
  readonly checked: readonly string[];
  readonly scan?: string;
  readonly signedBy?: string;
}

export const NO_EVIDENCE: EvidenceValue = { kind: 'paper', checked: [] };

export const EvidenceFields = ({
  value,
  onChange,
  error,
}: {
  readonly value: EvidenceValue;
  readonly onChange: (next: EvidenceValue) => void;
  readonly error?: unknown;
}): ReactNode => {
  const t = useText();
  const kinds = useChoices('evidence');
  const documents = useChoices('document');
  return (
    <Stack gap="sm">
      <Checkbox.Group
        label={t('checked')}
        value={[...value.checked]}
        onChange={(checked) => onChange({ ...value, checked })}
        error={issuesAt(error, 'evidence.checked')}
        withAsterisk
      >
        <Group mt="xs">
          {documents.map(({ value: name, label }) => (
            <Checkbox key={name} value={name} label={label} />
          ))}
        </Group>
      </Checkbox.Group>
      <Fields>
        <NativeSelect
          label={t('kind')}
          value={value.kind}
          data={[...kinds]}
          onChange={(event) => onChange({ ...value, kind: event.currentTarget.value })}
          error={issuesAt(error, 'evidence.kind')}
        />
        <TextInput
          label={t('signedBy')}
          value={value.signedBy ?? ''}
          onChange={({ currentTarget }) => {
            const { signedBy: _, ...rest } = value;
            onChange(currentTarget.value === '' ? rest : { ...rest, signedBy: currentTarget.value });
          }}
          error={issuesAt(error, 'evidence.signedBy')}
          autoComplete="off"
        />
        <Scan value={value} onChange={onChange} />
      </Fields>
    </Stack>
  );
};

const Scan = ({
  value,
  onChange,
}: {
  readonly value: EvidenceValue;
  readonly onChange: (next: EvidenceValue) => void;
}): ReactNode => {
  const t = useText();
  const api = useApi();
  const [file, setFile] = useState<File | null>(null);
  const send = useSend(
    async (chosen: File) =>
      (await api.ask<{ scan: string }>('/enrolment/scans', { method: 'POST', bytes: chosen })).value,
    { done: ({ scan }) => onChange({ ...value, scan }) },
  );
  return (
    <div>
      <FileInput
        label={t('scan')}
        value={file}
        accept="application/pdf,image/png,image/jpeg"
        onChange={(chosen) => {
          setFile(chosen);
          if (chosen) send.mutate(chosen);
        }}
        clearable={false}
      />
      <div aria-live="polite">
        {send.isPending && <Text size="sm">{t('uploading')}</Text>}
        {send.isSuccess && <Text size="sm">✓ {t('scanned')}</Text>}
        {send.error !== null && <Failure error={send.error} />}
      </div>
    </div>
  );
};
