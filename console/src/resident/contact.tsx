// What the region has on file: name and birth date are the desk's to change, address, telephone and whom to call one's own.
import { Anchor, Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { Resource } from '../api/client.ts';
import { dateText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Facts } from '../ui/facts.tsx';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import { Failure, Loading } from '../ui/states.tsx';
import { MemberPage } from './page.tsx';

const useText = words({
  ja: {
    title: '登録の内容',
    notJoined: '参加すると使えます。',
    name: '名前',
    kana: 'かな',
    birthDate: '生年月日',
    fixed: '名前・生年月日・保険証が変わったときは、市町村の窓口で手続きをしてください。',
    contact: '住所と電話',
    postcode: '郵便番号',
    address: '住所',
    phone: '電話番号',
    municipality: '市町村コード',
    municipalityHint: '同じ市町村の中の引っ越しなら、そのままにしてください。',
    save: '変更を保存',
    emergency: '緊急のときに連絡する人',
    emergencyText: '救急隊や病院が、あなたの代わりに連絡する相手です。5人まで。',
    contactName: '名前',
    relationship: '続柄（娘、友人など）',
    add: '人を加える',
    remove: '消す',
    leave: '参加をやめる',
    leaveText: 'いつでもやめられます。',
  },
  en: {
    title: 'My details',
    notJoined: 'You can use this when you have joined.',
    name: 'Name',
    kana: 'Kana',
    birthDate: 'Born',
    fixed: 'If your name, date of birth or insurance has changed, please go to the municipal desk.',
    contact: 'Address and telephone',
    postcode: 'Postcode',
    address: 'Address',
    phone: 'Telephone',
    municipality: 'Code of the municipality',
    municipalityHint: 'Leave it as it is if you moved within the municipality.',
    save: 'Save the change',
    emergency: 'Whom to call in an emergency',
    emergencyText: 'Ambulance crews and hospitals call them for you. Up to five.',
    contactName: 'Name',
    relationship: 'Relationship (daughter, friend …)',
    add: 'Add somebody',
    remove: 'Remove',
    leave: 'Leave the network',
    leaveText: 'You can leave at any time.',
  },
});

interface Person {
  readonly patient: string;
  readonly status: string;
  readonly municipality: string;
  readonly name: { readonly kanji?: NameOf; readonly kana?: NameOf };
  readonly birthDate?: string;
  readonly phone?: string;
  readonly postcode?: string;
  readonly address?: string;
}
type NameOf = string | { readonly text?: string; readonly family?: string; readonly given?: readonly string[] };

const nameText = (name: NameOf | undefined): string =>
  typeof name === 'string' ? name : (name?.text ?? [name?.family, ...(name?.given ?? [])].filter(Boolean).join(' '));

const Contact = (): ReactNode => {
  const t = useText();
  return (
    <MemberPage title={t('title')} notJoined={t('notJoined')}>
      <Details />
    </MemberPage>
  );
};

const Details = (): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const api = useApi();
  const person = useQuery({
    queryKey: ['person'],
    queryFn: async ({ signal }) => (await api.ask<Person>('/me/person', { signal })).value,
  });
  const patient = useQuery({
    queryKey: ['own-patient', person.data?.patient],
    queryFn: ({ signal }) => api.fhir(`/Patient/${person.data?.patient}`, { signal }),
    enabled: person.data !== undefined,
  });
  if (person.error) return <Failure error={person.error} retry={() => void person.refetch()} />;
  // An empty form would be saved over whom there is to call.
  if (patient.error) return <Failure error={patient.error} retry={() => void patient.refetch()} />;
  if (!person.data || !patient.data) return <Loading />;
  const { name, birthDate } = person.data;
  return (
    <Stack gap="lg">
      <Facts
        of={[
          [t('name'), nameText(name.kanji)],
          [t('kana'), nameText(name.kana)],
          [t('birthDate'), dateText(language, birthDate)],
        ]}
      />
      <Text size="sm">{t('fixed')}</Text>
      <AddressForm person={person.data} />
      <EmergencyForm contacts={contactsOf(patient.data)} />
      <section>
        <Anchor component={Link} to="/resident/leave" size="lg">
          {t('leave')}
        </Anchor>
        <Text size="sm">{t('leaveText')}</Text>
      </section>
    </Stack>
  );
};

const AddressForm = ({ person }: { readonly person: Person }): ReactNode => {
  const t = useText();
  const api = useApi();
  const form = useForm({
    postcode: person.postcode ?? '',
    text: person.address ?? '',
    municipality: person.municipality,
    phone: person.phone ?? '',
  });
  const send = useSend(
    () => {
      const { phone, ...address } = form.values;
      const isMoved =
        address.text !== person.address ||
        address.postcode !== person.postcode ||
        address.municipality !== person.municipality;
      return api.ask('/me/contact', {
        method: 'POST',
        body: { ...(isMoved && { address }), ...(phone !== '' && phone !== person.phone && { phone }) },
      });
    },
    { stale: ['person', 'record'] },
  );
  const { error } = send;
  return (
    <section aria-labelledby="contact">
      <Title order={2} size="h3" id="contact">
        {t('contact')}
      </Title>
      <SendForm send={send} label={t('save')} onSend={() => send.mutate()}>
        <Field
          form={form}
          name="postcode"
          at="address.postcode"
          label={t('postcode')}
          error={error}
          inputMode="numeric"
        />
        <Field form={form} name="text" at="address.text" label={t('address')} error={error} />
        <Field
          form={form}
          name="municipality"
          at="address.municipality"
          label={t('municipality')}
          hint={t('municipalityHint')}
          error={error}
          inputMode="numeric"
        />
        <Field form={form} name="phone" label={t('phone')} error={error} inputMode="tel" />
      </SendForm>
    </section>
  );
};

interface Emergency {
  readonly name: string;
  readonly phone: string;
  readonly relationship: string;
}

const contactsOf = (patient: Resource | undefined): Emergency[] =>
  (
    (patient?.['contact'] as
      | {
          name?: { text?: string };
          telecom?: { value?: string }[];
          relationship?: { text?: string }[];
        }[]
      | undefined) ?? []
  ).map(({ name, telecom, relationship }) => ({
    name: name?.text ?? '',
    phone: telecom?.[0]?.value ?? '',
    relationship: relationship?.find(({ text }) => text)?.text ?? '',
  }));

const MOST = 5;
const NOBODY: Emergency = { name: '', phone: '', relationship: '' };

const EmergencyForm = ({ contacts }: { readonly contacts: readonly Emergency[] }): ReactNode => {
  const t = useText();
  const api = useApi();
  const [list, setList] = useState<readonly Emergency[]>(contacts);
  const send = useSend(() => api.ask('/me/contact', { method: 'POST', body: { emergency: list } }), {
    stale: ['own-patient', 'record'],
  });
  const set = (at: number, more: Partial<Emergency>) =>
    setList(list.map((one, index) => (index === at ? { ...one, ...more } : one)));
  return (
    <section aria-labelledby="emergency">
      <Title order={2} size="h3" id="emergency">
        {t('emergency')}
      </Title>
      <Text size="sm">{t('emergencyText')}</Text>
      <SendForm send={send} label={t('save')} onSend={() => send.mutate()}>
        <Stack gap="md" mt="sm">
          {list.map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name while they are being typed
            <Group key={at} align="flex-end" role="group" aria-label={`${t('emergency')} ${at + 1}`}>
              <TextInput
                label={t('contactName')}
                value={one.name}
                onChange={(event) => set(at, { name: event.currentTarget.value })}
              />
              <TextInput
                label={t('phone')}
                inputMode="tel"
                value={one.phone}
                onChange={(event) => set(at, { phone: event.currentTarget.value })}
              />
              <TextInput
                label={t('relationship')}
                value={one.relationship}
                onChange={(event) => set(at, { relationship: event.currentTarget.value })}
              />
              <Button
                variant="default"
                aria-label={`${t('remove')}: ${one.name}`}
                onClick={() => setList(list.filter((_, index) => index !== at))}
              >
                {t('remove')}
              </Button>
            </Group>
          ))}
          {list.length < MOST && (
            <Button variant="default" w="fit-content" onClick={() => setList([...list, NOBODY])}>
              {t('add')}
            </Button>
          )}
        </Stack>
      </SendForm>
    </section>
  );
};

export default Contact;
