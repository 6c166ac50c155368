// Reception speed: the first letters of a kana name find the person while they are typed; a date of birth beside them, or
// a patient number alone. Enter opens the one that is marked, arrows mark another.
import { Alert, Button, Group, Kbd, Paper, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiError, matchesOf, type Resource } from '../api/client.ts';
import { ageAt, dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { namesOf, type Reference, targetOf } from '../record/fhir.ts';
import { useRecordText } from '../record/words.ts';
import { useApi, useWho } from '../ui/context.ts';
import { useOwnFacility } from '../ui/own-facility.ts';
import { ScanCode } from '../ui/scan-code.tsx';
import { Empty, Failure, Loading } from '../ui/states.tsx';
import styles from './clinic.module.css';
import { criteriaOf } from './criteria.ts';
import { registers } from './entry/kinds.ts';
import { useGroups } from './groups.ts';
import { Shortcuts } from './shortcuts.tsx';

const useText = words({
  ja: {
    title: '患者を探す',
    field: '名前（かな・漢字）、生年月日、患者番号',
    hint: '2文字から探します。生年月日は 1961-04-12、S36.4.12、19610412 のいずれでも。',
    none: '見つかりません。',
    sameName: '同じ名前の人がいます。生年月日を確かめてください。',
    kana: 'かな',
    birthDate: '生年月日',
    gender: '性別',
    address: '住所',
    more: '他にもいます。続けて入力してください。',
    keys: '選ぶ',
    enter: '開く',
    card: '住民カード（QRコードまたは12桁の番号）',
    cardHint: '読み取り機・カメラ・写真で読むか、番号を入力してください。',
    cardNone: 'このカードの記録はありません。',
    cardDead: 'このカードは使えません（再発行または停止）。',
    cardWrong: 'この地域のカードではないか、番号が違います。',
    facilities: '施設',
    register: '新しい患者を登録',
    focus: '探す欄へ',
  },
  en: {
    title: 'Find a patient',
    field: 'Name (kana, kanji), date of birth, patient number',
    hint: 'From two characters. Dates as 1961-04-12, S36.4.12 or 19610412.',
    none: 'Nobody found.',
    sameName: 'There are people of the same name. Check the date of birth.',
    kana: 'Kana',
    birthDate: 'Born',
    gender: 'Sex',
    address: 'Address',
    more: 'There are more. Please go on typing.',
    keys: 'choose',
    enter: 'open',
    card: 'Resident card (QR code or 12 digits)',
    cardHint: 'Scan it, choose a photo of it, or type the number.',
    cardNone: 'There is no record for this card.',
    cardDead: 'This card is no longer valid.',
    cardWrong: 'Not a card of this region, or a wrong number.',
    facilities: 'Facilities',
    register: 'Register a new patient',
    focus: 'To the search field',
  },
});

const PAGE = 20;

const FindPatient = (): ReactNode => {
  const t = useText();
  const api = useApi();
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const [marked, setMarked] = useState(0);
  const [asked] = useDebouncedValue(typed, 180);
  const criteria = criteriaOf(asked);
  const { data, error, isFetching, isPlaceholderData, refetch } = useQuery({
    queryKey: ['find', criteria],
    queryFn: ({ signal }) =>
      api.search(
        'Patient',
        { ...criteria, _count: String(PAGE), _sort: 'jp-kana-sort', _include: 'Patient:organization' },
        { signal },
      ),
    enabled: criteria !== undefined,
    // What was found for the letters before is better than nothing for a moment.
    placeholderData: (before) => before,
    gcTime: 60_000,
  });
  const resources = data && criteria ? matchesOf(data) : [];
  const patients = resources.filter(({ resourceType }) => resourceType === 'Patient');
  const { organization } = useOwnFacility();
  const ofOwn = (patient: Resource) => targetOf(patient['managingOrganization'] as Reference) === organization;
  const { groups, pending } = useGroups(patients);
  /** What opens is the own facility's record of the person, where there is one: it is the one to write in. */
  const found = groups.map((group) => group.find(ofOwn) ?? group[0]!);
  const { role } = useWho();
  const field = useRef<HTMLInputElement>(null);
  const facilities = new Map(
    resources
      .filter(({ resourceType }) => resourceType === 'Organization')
      .map(({ id, name }) => [`Organization/${id}`, String(name ?? '')]),
  );
  const open = (patient: Resource | undefined) => {
    if (patient?.id) void navigate({ to: `/clinic/patients/${patient.id}` });
  };
  /** What is listed is what was typed: before that, Enter would open somebody else. */
  const settled = typed === asked && !isPlaceholderData && data !== undefined && !pending;
  const [waiting, setWaiting] = useState(false);
  const only = found.length === 1 ? found[0] : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer
  useEffect(() => {
    if (waiting && settled) {
      setWaiting(false);
      open(only);
    }
  }, [waiting, settled, only]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) settled ? open(found[marked]) : setWaiting(true);
    else if (event.key === 'ArrowDown') setMarked(Math.min(marked + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setMarked(Math.max(marked - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <Stack>
      <Title order={1} size="h3">
        {t('title')}
      </Title>
      <Paper withBorder p="md">
        <TextInput
          label={t('field')}
          description={t('hint')}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setMarked(0);
            setWaiting(false);
          }}
          onKeyDown={onKeyDown}
          ref={field}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls="found"
          aria-activedescendant={found[marked] ? `found-${found[marked].id}` : undefined}
        />
        <Group gap="lg" mt="xs">
          <Text size="xs" c="dimmed">
            <Kbd>↑</Kbd> <Kbd>↓</Kbd> {t('keys')}
          </Text>
          <Text size="xs" c="dimmed">
            <Kbd>Enter</Kbd> {t('enter')}
          </Text>
          <Shortcuts
            list={[
              { key: '/', label: t('focus'), run: () => field.current?.focus() },
              ...(registers(role)
                ? [{ key: 'n', label: t('register'), run: () => void navigate({ to: '/clinic/register' }) }]
                : []),
            ]}
          />
        </Group>
      </Paper>
      <CardLookup onFound={(id) => void navigate({ to: `/clinic/patients/${id}` })} />
      {registers(role) && (
        <Button component={Link} to="/clinic/register" variant="default" w="fit-content">
          {t('register')}
        </Button>
      )}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {isFetching && !data && <Loading />}
      {data && criteria && found.length === 0 && !isFetching && <Empty>{t('none')}</Empty>}
      {found.length > 0 && <Found {...{ patients: found, groups, facilities, marked, open }} />}
      {patients.length >= PAGE && <Text c="dimmed">{t('more')}</Text>}
    </Stack>
  );
};

/** A card leads to the person and to nothing else; what may be read is for consent to say. */
const CardLookup = ({ onFound }: { readonly onFound: (patientId: string) => void }): ReactNode => {
  const t = useText();
  const api = useApi();
  const lookup = useMutation({
    mutationFn: async (card: string) =>
      (
        await api.ask<{ patient?: string; linked: string[] }>('/enrolment/cards/lookup', {
          method: 'POST',
          body: { card },
        })
      ).value,
    onSuccess: ({ patient, linked }) => {
      const id = patient ?? linked[0];
      if (id) onFound(id);
    },
  });
  const { error, data, variables } = lookup;
  const status = error instanceof ApiError ? error.status : undefined;
  const said =
    status === 404 || (data && !data.patient && data.linked.length === 0)
      ? t('cardNone')
      : status === 410
        ? t('cardDead')
        : status === 400
          ? t('cardWrong')
          : undefined;
  return (
    <Paper withBorder p="md">
      <ScanCode
        label={t('card')}
        hint={t('cardHint')}
        onCode={(code) => lookup.mutate(code)}
        busy={lookup.isPending}
        error={said}
      />
      {error && !said && (
        <Failure error={error} {...(variables !== undefined && { retry: () => lookup.mutate(variables) })} />
      )}
    </Paper>
  );
};

const Found = ({
  patients,
  groups,
  facilities,
  marked,
  open,
}: {
  readonly patients: readonly Resource[];
  /** All records of each. */
  readonly groups: readonly (readonly Resource[])[];
  readonly facilities: ReadonlyMap<string, string>;
  readonly marked: number;
  readonly open: (patient: Resource) => void;
}): ReactNode => {
  const t = useText();
  const r = useRecordText();
  const { language } = useLanguage();
  const names = patients.map((patient) => namesOf(patient));
  const twice = new Set(
    names.map(({ kana, kanji }) => kana || kanji).filter((name, index, all) => all.indexOf(name) !== index),
  );
  return (
    <>
      {twice.size > 0 && (
        <Alert color="orange" role="status">
          {t('sameName')}
        </Alert>
      )}
      <Table.ScrollContainer minWidth={420}>
        <Table highlightOnHover role="listbox" id="found" aria-label={t('title')}>
          <Table.Tbody>
            {patients.map((patient, index) => {
              const { kanji, kana } = names[index]!;
              const birthDate = patient['birthDate'] as string | undefined;
              const gender = patient['gender'];
              const [address] = (patient['address'] as { text?: string; city?: string }[]) ?? [];
              return (
                <Table.Tr
                  key={patient.id}
                  id={`found-${patient.id}`}
                  role="option"
                  aria-selected={index === marked}
                  className={styles.found}
                  data-marked={index === marked || undefined}
                  onClick={() => open(patient)}
                >
                  <Table.Td>
                    <Text fw={600}>{kanji}</Text>
                    <Text size="xs" c="dimmed" lang="ja">
                      {kana}
                    </Text>
                  </Table.Td>
                  <Table.Td className={twice.has(kana || kanji) ? styles.checked : undefined}>
                    {dateText(language, birthDate)} {birthDate && `(${r('age', { age: ageAt(birthDate) })})`}
                  </Table.Td>
                  <Table.Td>
                    {r(gender === 'male' || gender === 'female' || gender === 'other' ? gender : 'unknown')}
                  </Table.Td>
                  <Table.Td>{address?.text ?? address?.city ?? ''}</Table.Td>
                  <Table.Td>
                    <ul className={styles.group} aria-label={t('facilities')}>
                      {(groups[index] ?? []).map((record) => (
                        <li key={record.id}>
                          {facilities.get(targetOf(record['managingOrganization'] as Reference | undefined) ?? '')}
                        </li>
                      ))}
                    </ul>
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  );
};

export default FindPatient;
