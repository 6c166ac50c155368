// A new patient of the own facility. Before anything is written, the region is asked whether somebody knows the person already.
import { Alert, Button, Group, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { ApiError, type Bundle, matchesOf, type Resource } from '../api/client.ts';
import { ageAt, dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { namesOf } from '../record/fhir.ts';
import { useRecordText } from '../record/words.ts';
import { useApi, useWho } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { useOwnFacility } from '../ui/own-facility.ts';
import { Failure } from '../ui/states.tsx';
import styles from './clinic.module.css';
import { birthDateOf } from './criteria.ts';
import { prefill } from './prefill.ts';
import { AT, EMPTY, numberSystem, patientOf, type Registration, registrationOf } from './registration.ts';

const useText = words({
  ja: {
    title: '患者の登録',
    number: '患者番号（当施設）',
    family: '姓',
    given: '名',
    familyKana: 'セイ',
    givenKana: 'メイ',
    gender: '性別',
    birthDate: '生年月日',
    birthHint: '1961-04-12、S36.4.12、19610412 のいずれでも',
    phone: '電話',
    postalCode: '郵便番号',
    address: '住所',
    check: '確認して登録',
    required: '{field}を入力してください。',
    date: '生年月日が正しくありません。',
    used: 'この患者番号はすでに使われています。',
    known: '同じ人かもしれない記録があります',
    knownHow: '本人の記録なら開いてください。当施設の患者として登録しても、同じ人なら地域が自動で結び付けます。',
    certain: '同じ人',
    probable: 'おそらく同じ人',
    possible: '似た人',
    open: '開く',
    anyway: 'それでも登録する',
    back: '入力に戻る',
    grade: '判定',
    name: '氏名',
  },
  en: {
    title: 'Register a patient',
    number: 'Patient number (own facility)',
    family: 'Family name',
    given: 'Given name',
    familyKana: 'Family name in kana',
    givenKana: 'Given name in kana',
    gender: 'Sex',
    birthDate: 'Date of birth',
    birthHint: '1961-04-12, S36.4.12 or 19610412',
    phone: 'Telephone',
    postalCode: 'Postcode',
    address: 'Address',
    check: 'Check and register',
    required: 'Please fill in {field}.',
    date: 'This is no date of birth.',
    used: 'This patient number is in use.',
    known: 'There are records that may be of the same person',
    knownHow:
      'Open the record if it is the person’s. If you register, the region links the records of one person by itself.',
    certain: 'the same',
    probable: 'probably the same',
    possible: 'similar',
    open: 'Open',
    anyway: 'Register all the same',
    back: 'Back to the form',
    grade: 'Match',
    name: 'Name',
  },
});

interface Match {
  readonly patient: Resource;
  readonly grade: 'certain' | 'probable' | 'possible';
}

const GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';

/** https://hl7.org/fhir/R4/patient-operation-match.html */
const matchesIn = (bundle: Bundle): Match[] =>
  (bundle.entry ?? []).flatMap(({ resource, search }) => {
    if (resource?.resourceType !== 'Patient') return [];
    const { extension = [] } = (search ?? {}) as { extension?: { url: string; valueCode?: string }[] };
    const grade = extension.find(({ url }) => url === GRADE)?.valueCode;
    return [{ patient: resource, grade: grade === 'certain' || grade === 'probable' ? grade : 'possible' }];
  });

const Register = (): ReactNode => {
  const t = useText();
  const r = useRecordText();
  const api = useApi();
  const who = useWho();
  const own = useOwnFacility();
  const navigate = useNavigate();
  const [first] = useState(() => {
    const known = prefill.take();
    return known ? registrationOf(known) : EMPTY;
  });
  const form = useForm<Record<keyof Registration, string>>(first);
  const [matches, setMatches] = useState<readonly Match[]>();
  const facility = who.facility ?? '';
  const patient = () => patientOf(form.values, { facility, organization: own.organization });

  const create = useSend(
    () =>
      api.fhir('/Patient', {
        method: 'POST',
        body: patient(),
        // Two at two counters: https://hl7.org/fhir/R4/http.html#ccreate
        headers: {
          'if-none-exist': new URLSearchParams({
            identifier: `${numberSystem(facility)}|${form.values.number.normalize('NFKC').trim()}`,
          }).toString(),
        },
      }),
    { stale: ['find', 'linked'], done: ({ id }) => void navigate({ to: `/clinic/patients/${id}` }) },
  );

  const check = useSend(
    async () => {
      const faults = faultsOf(form.values);
      if (faults.length > 0) throw new ApiError(422, faults);
      const identifier = `${numberSystem(facility)}|${form.values.number.normalize('NFKC').trim()}`;
      const [used, known] = await Promise.all([
        api.search('Patient', { identifier }),
        api.fhir<Bundle>('/Patient/$match', { method: 'POST', body: withoutNumber(patient()) }),
      ]);
      if (matchesOf(used).length > 0) throw new ApiError(422, [fault('number', t('used'))]);
      return matchesIn(known);
    },
    {
      done: (found) => {
        setMatches(found);
        if (found.length === 0) create.mutate();
      },
    },
  );

  const faultsOf = (values: Registration) => [
    ...(['number', 'family', 'familyKana', 'birthDate'] as const)
      .filter((name) => values[name].trim() === '')
      .map((name) => fault(name, t('required', { field: t(name) }))),
    ...(values.birthDate.trim() !== '' && !birthDateOf(values.birthDate.normalize('NFKC').trim())
      ? [fault('birthDate', t('date'))]
      : []),
  ];

  const field = (name: keyof Registration, more: Partial<Parameters<typeof Field>[0]> = {}) => (
    <Field
      form={form}
      name={name}
      label={t(name)}
      at={AT[name]}
      error={create.error ?? check.error}
      {...(more as object)}
    />
  );
  return (
    <Stack>
      <Title order={1} size="h3">
        {t('title')}
      </Title>
      {matches && matches.length > 0 && (
        <Known
          matches={matches}
          error={create.error}
          busy={create.isPending}
          onOpen={(id) => void navigate({ to: `/clinic/patients/${id}` })}
          onAnyway={() => create.mutate()}
          onBack={() => setMatches(undefined)}
        />
      )}
      <Paper withBorder p="md" hidden={matches !== undefined && matches.length > 0}>
        <SendForm
          send={{
            isPending: check.isPending || create.isPending,
            error: create.error ?? check.error,
            isSuccess: false,
          }}
          onSend={() => check.mutate()}
          label={t('check')}
        >
          <div className={styles.fields}>
            {field('number', { required: true })}
            {field('family', { required: true })}
            {field('given')}
            {field('familyKana', { required: true })}
            {field('givenKana')}
            {field('birthDate', { required: true, hint: t('birthHint') })}
            {field('gender', {
              choices: (['unknown', 'female', 'male', 'other'] as const).map((value) => ({ value, label: r(value) })),
            })}
            {field('phone')}
            {field('postalCode')}
            {field('address')}
          </div>
        </SendForm>
      </Paper>
    </Stack>
  );
};

const fault = (name: keyof Registration, diagnostics: string) =>
  ({ severity: 'error', code: 'invalid', diagnostics, expression: [AT[name]] }) as const;

/** The number is new here, and would only speak against records of the same facility. */
const withoutNumber = ({ identifier: _identifier, meta: _meta, ...patient }: Resource): object => patient;

const Known = ({
  matches,
  error,
  busy,
  onOpen,
  onAnyway,
  onBack,
}: {
  readonly matches: readonly Match[];
  readonly error: unknown;
  readonly busy: boolean;
  readonly onOpen: (id: string) => void;
  readonly onAnyway: () => void;
  readonly onBack: () => void;
}): ReactNode => {
  const t = useText();
  const r = useRecordText();
  const { language } = useLanguage();
  return (
    <Alert color="orange" title={t('known')} role="alert">
      <Stack>
        <Text size="sm">{t('knownHow')}</Text>
        <Table.ScrollContainer minWidth={420} tabIndex={0}>
          <Table aria-label={t('known')}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{t('grade')}</Table.Th>
                <Table.Th scope="col">{t('name')}</Table.Th>
                <Table.Th scope="col">{t('birthDate')}</Table.Th>
                <Table.Th scope="col">{t('address')}</Table.Th>
                <Table.Td />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {matches.map(({ patient, grade }) => {
                const { kanji, kana } = namesOf(patient);
                const birthDate = patient['birthDate'] as string | undefined;
                const [address] = (patient['address'] as { text?: string }[]) ?? [];
                return (
                  <Table.Tr key={patient.id}>
                    <Table.Td>{t(grade)}</Table.Td>
                    <Table.Td>
                      {kanji} <small>{kana}</small>
                    </Table.Td>
                    <Table.Td>
                      {dateText(language, birthDate)} {birthDate && `(${r('age', { age: ageAt(birthDate) })})`}
                    </Table.Td>
                    <Table.Td>{address?.text}</Table.Td>
                    <Table.Td>
                      <Button size="compact-sm" onClick={() => onOpen(patient.id ?? '')}>
                        {t('open')}
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        {error !== null && error !== undefined && <Failure error={error} />}
        <Group>
          <Button color="orange" loading={busy} onClick={onAnyway}>
            {t('anyway')}
          </Button>
          <Button variant="default" onClick={onBack}>
            {t('back')}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
};

export default Register;
