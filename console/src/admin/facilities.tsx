// Facilities of the region: the list, and a new one.
import { Badge, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { useApi, useWho } from '../ui/context.ts';
import { Check, Field, type FormState, SendForm, useForm, useSend } from '../ui/form.tsx';
import { DataTable, Listed } from '../ui/list.tsx';
import { type Facility, useFacilities } from './data.ts';
import { AdminPage, Fields, Section, To } from './page.tsx';
import { useChoices, useTerm } from './terms.ts';

export const useFacilityText = words({
  ja: {
    title: '施設',
    about: '医療機関・薬局・介護事業所など、地域に参加している施設です。',
    find: '名称・コードで絞り込む',
    none: '該当する施設はありません。',
    code: '施設コード',
    codeHint: '医療機関コード10桁、または9＋電話番号9桁',
    type: '種別',
    typeChoose: '選んでください',
    name: '名称',
    kana: 'カナ',
    municipality: '市区町村コード',
    municipalityHint: '全国地方公共団体コード（5桁または6桁）',
    view: '他施設の記録を見る',
    disclose: '自施設の記録を見せる',
    contract: '契約',
    viewHint: 'なしの施設は自施設の記録だけを見ます。',
    discloseHint: 'なしの施設の記録は、他の施設には見えません。',
    feeClass: '料金区分',
    otherCodes: '他のコード（空白区切り）',
    state: '状態',
    disabled: '停止中',
    inUse: '利用中',
    add: '施設を登録する',
    yes: 'あり',
    no: 'なし',
  },
  en: {
    title: 'Facilities',
    about: 'Hospitals, clinics, pharmacies, care providers and offices of the region.',
    find: 'Filter by name or code',
    none: 'No such facility.',
    code: 'Code',
    codeHint: 'Ten digits of the facility, or 9 and nine digits of its telephone',
    type: 'Type',
    typeChoose: 'Please choose',
    name: 'Name',
    kana: 'Kana',
    municipality: 'Municipality code',
    municipalityHint: 'Five digits, or six with the check digit',
    view: "Sees others' records",
    disclose: 'Shows its own records',
    contract: 'Contract',
    viewHint: 'Without it the facility sees its own records only.',
    discloseHint: 'Without it no other facility sees its records.',
    feeClass: 'Fee class',
    otherCodes: 'Other codes (separated by spaces)',
    state: 'State',
    disabled: 'Disabled',
    inUse: 'In use',
    add: 'Add a facility',
    yes: 'yes',
    no: 'no',
  },
});

export const FACILITY_FIELDS = {
  name: '',
  kana: '',
  municipality: '',
  feeClass: '',
  otherCodes: '',
  view: true as boolean,
  disclose: true as boolean,
};
export type FacilityValues = typeof FACILITY_FIELDS;

/** What may be changed later as well, as the API wants it. */
export const facilityBody = ({ view, disclose, kana, otherCodes, ...rest }: FacilityValues) => ({
  ...rest,
  ...(kana !== '' && { kana }),
  contract: { view, disclose },
  otherCodes: otherCodes.split(/\s+/).filter(Boolean),
});

export const FacilityFields = ({
  form,
  error,
}: {
  readonly form: Pick<FormState<FacilityValues>, 'values' | 'set'>;
  readonly error: unknown;
}): ReactNode => {
  const t = useFacilityText();
  return (
    <>
      <Field form={form} name="name" label={t('name')} error={error} required />
      <Field form={form} name="kana" label={t('kana')} error={error} />
      <Field
        form={form}
        name="municipality"
        label={t('municipality')}
        hint={t('municipalityHint')}
        error={error}
        inputMode="numeric"
        required
      />
      <Field form={form} name="feeClass" label={t('feeClass')} error={error} required />
      <Field form={form} name="otherCodes" label={t('otherCodes')} error={error} />
      <Check form={form} name="view" at="contract.view" label={t('view')} hint={t('viewHint')} error={error} />
      <Check
        form={form}
        name="disclose"
        at="contract.disclose"
        label={t('disclose')}
        hint={t('discloseHint')}
        error={error}
      />
    </>
  );
};

const Facilities = (): ReactNode => {
  const t = useFacilityText();
  const term = useTerm();
  const { role } = useWho();
  const query = useFacilities();
  const [typed, setTyped] = useState('');
  const wanted = typed.normalize('NFKC').trim();
  const rows = (query.data ?? []).filter(({ name, code, kana = '' }) =>
    [name, code, kana].some((text) => text.includes(wanted)),
  );
  return (
    <AdminPage title={t('title')} about={t('about')}>
      <TextInput
        label={t('find')}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        maw={360}
        type="search"
      />
      <Listed query={query} count={rows.length} empty={t('none')}>
        <DataTable<Facility>
          label={t('title')}
          rows={rows}
          keyOf={({ code }) => code}
          minWidth={640}
          columns={[
            { name: t('name'), cell: ({ code, name }) => <To to={`/admin/facilities/${code}`}>{name}</To> },
            { name: t('code'), cell: ({ code }) => code },
            { name: t('type'), cell: ({ type }) => term('facility', type) },
            { name: t('view'), cell: ({ contract }) => (contract?.view ? t('yes') : t('no')) },
            { name: t('disclose'), cell: ({ contract }) => (contract?.disclose ? t('yes') : t('no')) },
            {
              name: t('state'),
              cell: ({ disabled }) => (
                <Badge color={disabled ? 'gray' : 'teal'}>{t(disabled ? 'disabled' : 'inUse')}</Badge>
              ),
            },
          ]}
        />
      </Listed>
      {role === 'admin' && <NewFacility />}
    </AdminPage>
  );
};

const NewFacility = (): ReactNode => {
  const t = useFacilityText();
  const api = useApi();
  const navigate = useNavigate();
  const types = useChoices('facility');
  const form = useForm<FacilityValues & { code: string; type: string }>({
    code: '',
    type: '',
    ...FACILITY_FIELDS,
  });
  const send = useSend(
    () => {
      const { code, type, ...rest } = form.values;
      return api.ask('/admin/facilities', { method: 'POST', body: { code, type, ...facilityBody(rest) } });
    },
    { stale: ['facilities'], done: () => void navigate({ to: `/admin/facilities/${form.values.code}` }) },
  );
  return (
    <Section title={t('add')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('add')} saved="">
        <Fields>
          <Field
            form={form}
            name="code"
            label={t('code')}
            hint={t('codeHint')}
            error={send.error}
            inputMode="numeric"
            required
          />
          <Field
            form={form}
            name="type"
            label={t('type')}
            choices={[{ value: '', label: t('typeChoose') }, ...types]}
            error={send.error}
            required
          />
          <FacilityFields form={form} error={send.error} />
        </Fields>
      </SendForm>
    </Section>
  );
};

export default Facilities;
