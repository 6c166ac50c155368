// A new link contract: with a region on this software, which answers for itself, or with a community that speaks IHE, whose word is a paper.
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useApi } from '../ui/context.ts';
import { Field, type FormState, SendForm, useForm, useSend } from '../ui/form.tsx';
import { type Chosen, ClassesField, PurposesField } from './contract-terms.tsx';
import { useContractText } from './contract-words.ts';
import { Fields, Section } from './page.tsx';

const EMPTY = {
  protocol: 'tsumugi',
  community: '',
  name: '',
  until: '',
  baseUrl: '',
  jwksUrl: '',
  discovery: '',
  query: '',
  retrieve: '',
  assigningAuthority: '',
  certificates: '',
  agreedOn: '',
};
type Values = typeof EMPTY;

/** One after the other, as they are sent. */
export const certificatesIn = (text: string): readonly string[] =>
  text.match(/-----BEGIN [^-]+-----[\s\S]*?-----END [^-]+-----/g) ?? (text.trim() ? [text.trim()] : []);

const proposalOf = (values: Values, chosen: Chosen) => {
  const { protocol, community, name, until, baseUrl, jwksUrl, agreedOn, certificates, ...ihe } = values;
  const common = { protocol, community, name, terms: { ...chosen, ...(until && { until }) } };
  return protocol === 'ihe'
    ? { ...common, agreedOn, ihe: { ...ihe, certificates: certificatesIn(certificates) } }
    : { ...common, baseUrl, jwksUrl };
};

export const Propose = (): ReactNode => {
  const t = useContractText();
  const api = useApi();
  const navigate = useNavigate();
  const form = useForm(EMPTY);
  const [chosen, setChosen] = useState<Chosen>({ purposes: ['TREAT', 'ETREAT'], classes: ['basic', 'clinical'] });
  const send = useSend(
    () => api.ask('/federation/contracts', { method: 'POST', body: proposalOf(form.values, chosen) }),
    { stale: ['contracts'], done: () => void navigate({ to: `/admin/contracts/${form.values.community}` }) },
  );
  const { error } = send;
  const isIhe = form.values.protocol === 'ihe';
  return (
    <Section title={t('propose')}>
      <SendForm send={send} onSend={() => send.mutate()} label={t('propose')} saved="">
        <Fields>
          <Field
            form={form}
            name="protocol"
            label={t('protocol')}
            choices={(['tsumugi', 'ihe'] as const).map((value) => ({ value, label: t(value) }))}
          />
          <Field form={form} name="name" label={t('name')} error={error} required />
          <Field form={form} name="community" label={t('community')} error={error} required />
          {isIhe ? <Ihe form={form} error={error} /> : <Tsumugi form={form} error={error} />}
          <Field form={form} name="until" at="terms.until" label={t('until')} type="date" error={error} />
        </Fields>
        <PurposesField value={chosen} onChange={setChosen} error={error} />
        <ClassesField value={chosen} onChange={setChosen} error={error} />
      </SendForm>
    </Section>
  );
};

interface Part {
  readonly form: FormState<Values>;
  readonly error: unknown;
}

const Tsumugi = ({ form, error }: Part): ReactNode => {
  const t = useContractText();
  return (['baseUrl', 'jwksUrl'] as const).map((name) => (
    <Field key={name} form={form} name={name} label={t(name)} hint={t('urlHint')} type="url" error={error} required />
  ));
};

const Ihe = ({ form, error }: Part): ReactNode => {
  const t = useContractText();
  const given = { form, error, required: true };
  return (
    <>
      {(['discovery', 'query', 'retrieve'] as const).map((name) => (
        <Field key={name} {...given} name={name} at={`ihe.${name}`} label={t(name)} hint={t('urlHint')} type="url" />
      ))}
      <Field {...given} name="assigningAuthority" at="ihe.assigningAuthority" label={t('assigningAuthority')} />
      <Field {...given} name="certificates" at="ihe.certificates" label={t('certificates')} lines={6} />
      <Field {...given} name="agreedOn" label={t('agreedOn')} hint={t('agreedOnHint')} lines={3} />
    </>
  );
};
