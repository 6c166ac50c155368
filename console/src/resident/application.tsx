// Applying by telephone: the paper form, question by question. Nothing holds before a desk confirms it.
import { Alert, Checkbox, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Field, SendForm, useForm, useSend } from '../ui/form.tsx';
import lineStyles from '../ui/lines.module.css';
import { Failure, issuesAt, Loading } from '../ui/states.tsx';
import { ConsentChoice, consentForm } from './consent-choice.tsx';
import { ResidentPage } from './page.tsx';
import type { ConsentDefault } from './policy.ts';
import { useEnrolment } from './use-resident.ts';

const useText = words({
  ja: {
    title: '参加の申し込み',
    lead: '入力したあと、市町村の窓口で本人を確かめて、参加が決まります。',
    joined: 'もう参加しています。',
    waiting: '申し込みを受け付けています。窓口で確認しています。',
    who: 'あなたについて',
    family: '姓（漢字）',
    given: '名（漢字）',
    kanaFamily: '姓（かな）',
    kanaGiven: '名（かな）',
    birthDate: '生年月日',
    sex: '性別',
    female: '女性',
    male: '男性',
    other: 'その他',
    unknown: '答えない',
    postcode: '郵便番号',
    address: '住所',
    municipality: '市町村コード（5けたか6けた）',
    municipalityHint: '案内のちらしや、市町村のホームページに書いてあります。',
    phone: '電話番号',
    insurance: '保険証（なくてもよい。あると窓口での確認が早くなります）',
    insurer: '保険者番号',
    number: '番号',
    branch: '枝番（2けた）',
    consent: '見せる施設',
    agree: '説明を読み、参加を申し込みます。',
    mustAgree: '申し込むには、チェックを入れてください。',
    send: '申し込む',
    done: '申し込みました',
    receipt: '受付番号',
    receiptText:
      'この番号と、本人を確かめるものを持って、市町村の窓口へお越しください。番号は控えるか、印刷してください。',
  },
  en: {
    title: 'Apply to join',
    lead: 'After this, the municipal desk checks who you are, and then you have joined.',
    joined: 'You have joined already.',
    waiting: 'Your application has arrived, and a desk is checking it.',
    who: 'About you',
    family: 'Family name (kanji)',
    given: 'Given name (kanji)',
    kanaFamily: 'Family name (kana)',
    kanaGiven: 'Given name (kana)',
    birthDate: 'Date of birth',
    sex: 'Sex',
    female: 'female',
    male: 'male',
    other: 'other',
    unknown: 'no answer',
    postcode: 'Postcode',
    address: 'Address',
    municipality: 'Code of the municipality (5 or 6 digits)',
    municipalityHint: 'On the leaflet, or the pages of your municipality.',
    phone: 'Telephone',
    insurance: 'Insurance card (optional; the desk is quicker with it)',
    insurer: 'Insurer number',
    number: 'Number',
    branch: 'Branch (2 digits)',
    consent: 'Facilities that may look',
    agree: 'I have read the explanation and apply to join.',
    mustAgree: 'Please tick this to apply.',
    send: 'Apply',
    done: 'Your application was sent',
    receipt: 'Receipt number',
    receiptText:
      'Bring this number and something that shows who you are to the municipal desk. Write it down or print it.',
  },
});

const Application = (): ReactNode => {
  const t = useText();
  const { data, error, refetch, isPending } = useEnrolment();
  const [receipt, setReceipt] = useState<string>();
  return (
    <ResidentPage title={t('title')} lead={t('lead')}>
      {isPending && <Loading />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {receipt !== undefined && (
        <Alert color="green" title={t('done')} role="status">
          <Text>{t('receipt')}</Text>
          <Text className={lineStyles.code}>{receipt.replace(/(\d{4})(?=\d)/g, '$1-')}</Text>
          <Text>{t('receiptText')}</Text>
        </Alert>
      )}
      {data && receipt === undefined && data.status === 'applied' && <Alert role="status">{t('waiting')}</Alert>}
      {data && (data.status === 'enrolled' || data.status === 'withdrawn') && <Text>{t('joined')}</Text>}
      {data && receipt === undefined && (data.status === 'none' || data.status === 'rejected') && (
        <Form region={data.consentDefault} onReceipt={setReceipt} />
      )}
    </ResidentPage>
  );
};

const EMPTY = {
  family: '',
  given: '',
  kanaFamily: '',
  kanaGiven: '',
  birthDate: '',
  sex: 'female',
  postcode: '',
  text: '',
  municipality: '',
  phone: '',
  insurer: '',
  number: '',
  branch: '',
};

const Form = ({
  region,
  onReceipt,
}: {
  readonly region: ConsentDefault;
  readonly onReceipt: (receipt: string) => void;
}): ReactNode => {
  const t = useText();
  const api = useApi();
  const form = useForm(EMPTY);
  const [facilities, setFacilities] = useState<readonly string[]>([]);
  const [agreed, setAgreed] = useState(false);
  const [tried, setTried] = useState(false);
  const send = useSend(
    async () => {
      const { family, given, kanaFamily, kanaGiven, birthDate, sex, phone } = form.values;
      const { postcode, text, municipality, insurer, number, branch } = form.values;
      const body = {
        route: 'app',
        name: { kanji: { family, given }, kana: { family: kanaFamily, given: kanaGiven } },
        birthDate,
        sex,
        address: { postcode: postcode.normalize('NFKC'), text, municipality: municipality.normalize('NFKC') },
        ...(phone !== '' && { phone: phone.normalize('NFKC') }),
        ...(insurer !== '' && { insurance: { insurer, number, ...(branch !== '' && { branch }) } }),
        consent: consentForm(region, facilities),
      };
      return (await api.ask<{ receipt: string }>('/me/application', { method: 'POST', body })).value;
    },
    { stale: ['enrolment'], done: ({ receipt }) => onReceipt(receipt) },
  );
  const { error } = send;
  const sexes = (['female', 'male', 'other', 'unknown'] as const).map((value) => ({ value, label: t(value) }));
  return (
    <SendForm
      send={send}
      label={t('send')}
      saved=""
      onSend={() => {
        setTried(true);
        if (agreed) send.mutate();
      }}
    >
      <Stack gap="sm">
        <Title order={2} size="h3">
          {t('who')}
        </Title>
        <Field form={form} name="family" at="name.kanji.family" label={t('family')} error={error} required />
        <Field form={form} name="given" at="name.kanji.given" label={t('given')} error={error} required />
        <Field form={form} name="kanaFamily" at="name.kana.family" label={t('kanaFamily')} error={error} required />
        <Field form={form} name="kanaGiven" at="name.kana.given" label={t('kanaGiven')} error={error} required />
        <Field form={form} name="birthDate" label={t('birthDate')} type="date" error={error} required />
        <Field form={form} name="sex" label={t('sex')} choices={sexes} error={error} required />
        <Field form={form} name="postcode" at="address.postcode" label={t('postcode')} error={error} required />
        <Field form={form} name="text" at="address.text" label={t('address')} error={error} required />
        <Field
          form={form}
          name="municipality"
          at="address.municipality"
          label={t('municipality')}
          hint={t('municipalityHint')}
          error={error}
          inputMode="numeric"
          required
        />
        <Field form={form} name="phone" label={t('phone')} error={error} inputMode="tel" />
        <Title order={2} size="h4">
          {t('insurance')}
        </Title>
        <Field
          form={form}
          name="insurer"
          at="insurance.insurer"
          label={t('insurer')}
          error={error}
          inputMode="numeric"
        />
        <Field form={form} name="number" at="insurance.number" label={t('number')} error={error} />
        <Field form={form} name="branch" at="insurance.branch" label={t('branch')} error={error} inputMode="numeric" />
        <Title order={2} size="h3">
          {t('consent')}
        </Title>
        <ConsentChoice
          region={region}
          hasJoined={false}
          chosen={facilities}
          onChange={setFacilities}
          error={issuesAt(error, 'consent.facilities')}
        />
        <Checkbox
          size="md"
          label={t('agree')}
          checked={agreed}
          onChange={() => setAgreed(!agreed)}
          error={tried && !agreed ? t('mustAgree') : undefined}
        />
      </Stack>
    </SendForm>
  );
};

export default Application;
