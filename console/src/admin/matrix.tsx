// The role × data matrix: what the region has left of the default, and taking more of it away. Nothing can be given here.
import { Alert, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi, useWho } from '../ui/context.ts';
import { SendForm, useSend } from '../ui/form.tsx';
import { DataTable } from '../ui/list.tsx';
import { Failure, issuesAt, Loading } from '../ui/states.tsx';
import { AREAS, type Area, defaultOf, type Grant, type MatrixOf, type Narrow, sizeOf, VERBS } from './matrix-data.ts';
import { AdminPage, Fields, Section } from './page.tsx';
import { useTerm } from './terms.ts';

const useText = words({
  ja: {
    title: '役割と情報の範囲',
    about: '役割ごとに読める・書ける情報の種類です。地域の取り決めで狭めることはできますが、広げることはできません。',
    read: '読む',
    write: '書く',
    role: '役割',
    all: 'すべて',
    some: '一部（{count}種）',
    documents: '一部の文書',
    nothing: 'なし',
    narrowed: '狭められています',
    purposes: '目的が必要: {purposes}',
    narrow: '狭める',
    narrowHow: '変更は30秒以内にすべてのアクセスに効きます。役割を選び、減らす項目だけを変えてください。',
    asDefault: '標準どおり（{size}）',
    none: '認めない',
    onlyTypes: '次の種類だけ',
    types: '種類（FHIRのリソース名、空白区切り）',
    save: '保存する',
    choose: '選んでください',
    system: 'システム（全施設）',
  },
  en: {
    title: 'Roles and data',
    about: 'What each role may read and write. A region may narrow it; nothing can be widened.',
    read: 'Read',
    write: 'Write',
    role: 'Role',
    all: 'all',
    some: 'some ({count} types)',
    documents: 'some documents',
    nothing: 'nothing',
    narrowed: 'narrowed',
    purposes: 'Needs a purpose: {purposes}',
    narrow: 'Narrow',
    narrowHow: 'A change holds everywhere within 30 seconds. Choose a role and change what is to be taken away.',
    asDefault: 'As the default ({size})',
    none: 'Nothing',
    onlyTypes: 'Only these types',
    types: 'Types (FHIR resource names, separated by spaces)',
    save: 'Save',
    choose: 'Please choose',
    system: 'System (all facilities)',
  },
});

const useSize = () => {
  const t = useText();
  return (grant: Grant | undefined): string => {
    const size = sizeOf(grant);
    if (size === 'all' || size === 'nothing' || size === 'documents') return t(size);
    return t('some', { count: size });
  };
};

const Matrix = (): ReactNode => {
  const t = useText();
  const api = useApi();
  const { role } = useWho();
  const { data, error, refetch } = useQuery({
    queryKey: ['matrix'],
    queryFn: async ({ signal }) => (await api.ask<MatrixOf>('/admin/matrix', { signal })).value,
  });
  return (
    <AdminPage title={t('title')} about={t('about')}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Loading />}
      {data && VERBS.map((verb) => <Cells key={verb} matrix={data} verb={verb} />)}
      {data && role === 'admin' && <NarrowForm matrix={data} />}
    </AdminPage>
  );
};

const Cells = ({ matrix, verb }: { readonly matrix: MatrixOf; readonly verb: (typeof VERBS)[number] }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const size = useSize();
  return (
    <Section title={t(verb)}>
      <DataTable<string>
        label={t(verb)}
        rows={Object.keys(matrix.effective)}
        keyOf={(role) => role}
        minWidth={900}
        columns={[
          {
            name: t('role'),
            cell: (role) => (
              <>
                <div>{term('role', role)}</div>
                {matrix.effective[role]?.purposes && (
                  <Text size="xs" c="dimmed">
                    {t('purposes', {
                      purposes: matrix.effective[role].purposes.map((one) => term('purpose', one)).join('、'),
                    })}
                  </Text>
                )}
              </>
            ),
          },
          ...AREAS.map((area) => ({
            name: term('area', area),
            cell: (role: string) => {
              const left = matrix.effective[role]?.[verb]?.[area];
              const isLess = matrix.narrow[role]?.[verb]?.[area] !== undefined;
              return (
                <>
                  <span title={left && left !== '*' && 'types' in left ? left.types.join(' ') : undefined}>
                    {left === undefined && !isLess ? '—' : size(left)}
                  </span>
                  {isLess && (
                    <Text size="xs" fw={700}>
                      ▼ {t('narrowed')}
                    </Text>
                  )}
                </>
              );
            },
          })),
        ]}
      />
    </Section>
  );
};

const NarrowForm = ({ matrix }: { readonly matrix: MatrixOf }): ReactNode => {
  const t = useText();
  const term = useTerm();
  const api = useApi();
  const [role, setRole] = useState('');
  const [narrow, setNarrow] = useState<Narrow>(matrix.narrow);
  const send = useSend(() => api.ask('/admin/matrix', { method: 'PUT', body: { narrow } }), { stale: ['matrix'] });
  const roles = [...Object.keys(matrix.default), 'system'];
  return (
    <Section title={t('narrow')}>
      <Alert color="blue">{t('narrowHow')}</Alert>
      <SendForm send={send} onSend={() => send.mutate()} label={t('save')}>
        <Stack>
          <NativeSelect
            label={t('role')}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value)}
            data={[
              { value: '', label: t('choose') },
              ...roles.map((value) => ({ value, label: value === 'system' ? t('system') : term('role', value) })),
            ]}
            maw={320}
          />
          {role !== '' &&
            VERBS.map((verb) => (
              <fieldset key={verb}>
                <legend>{t(verb)}</legend>
                <Fields>
                  {AREAS.filter((area) => defaultOf(matrix, role, verb, area) !== undefined).map((area) => (
                    <Less
                      key={area}
                      area={area}
                      given={defaultOf(matrix, role, verb, area)}
                      value={narrow[role]?.[verb]?.[area]}
                      fault={issuesAt(send.error, `narrow.${role}.${verb}.${area}`)}
                      onChange={(next) => {
                        const { [area]: _, ...others } = narrow[role]?.[verb] ?? {};
                        const cells = next === undefined ? others : { ...others, [area]: next };
                        setNarrow({ ...narrow, [role]: { ...narrow[role], [verb]: cells } });
                      }}
                    />
                  ))}
                </Fields>
              </fieldset>
            ))}
        </Stack>
      </SendForm>
    </Section>
  );
};

type LessValue = false | { readonly types: readonly string[] } | undefined;

const Less = ({
  area,
  given,
  value,
  fault,
  onChange,
}: {
  readonly area: Area;
  readonly given: Grant | undefined;
  readonly value: LessValue;
  readonly fault: string | undefined;
  readonly onChange: (next: LessValue) => void;
}): ReactNode => {
  const t = useText();
  const term = useTerm();
  const size = useSize();
  const [typed, setTyped] = useState(value ? value.types.join(' ') : '');
  const kind = value === undefined ? 'asDefault' : value === false ? 'none' : 'onlyTypes';
  const typesOf = (text: string) => ({ types: text.split(/\s+/).filter(Boolean) });
  const start = () => {
    const all = given && given !== '*' && 'types' in given ? given.types.join(' ') : '';
    setTyped(typed || all);
    return typesOf(typed || all);
  };
  return (
    <Group gap="xs" align="flex-end">
      <NativeSelect
        label={term('area', area)}
        value={kind}
        error={fault}
        onChange={({ currentTarget: { value: next } }) =>
          onChange(next === 'asDefault' ? undefined : next === 'none' ? false : start())
        }
        data={[
          { value: 'asDefault', label: t('asDefault', { size: size(given) }) },
          { value: 'none', label: t('none') },
          { value: 'onlyTypes', label: t('onlyTypes') },
        ]}
      />
      {kind === 'onlyTypes' && (
        <TextInput
          label={`${term('area', area)}: ${t('types')}`}
          value={typed}
          spellCheck={false}
          onChange={({ currentTarget: { value: text } }) => {
            setTyped(text);
            onChange(typesOf(text));
          }}
        />
      )}
    </Group>
  );
};

export default Matrix;
