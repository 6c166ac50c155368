// Name, birth date, address, insurance of a resident, as on the form 参加同意書.
import type { ReactNode } from 'react';
import { words } from '../i18n/i18n.ts';
import { Field, type FormState } from '../ui/form.tsx';
import type { WhoValues } from './desk.ts';
import { Fields } from './page.tsx';
import { useChoices } from './terms.ts';

const useText = words({
  ja: {
    kanjiFamily: '姓（漢字）',
    kanjiGiven: '名（漢字）',
    kanaFamily: '姓（かな）',
    kanaGiven: '名（かな）',
    birthDate: '生年月日',
    sex: '性別',
    choose: '選んでください',
    postcode: '郵便番号',
    address: '住所',
    municipality: '市区町村コード',
    municipalityHint: '5桁または6桁',
    phone: '電話番号',
    insurer: '保険者番号',
    symbol: '記号',
    number: '番号',
    branch: '枝番',
    branchHint: '2桁',
  },
  en: {
    kanjiFamily: 'Family name (kanji)',
    kanjiGiven: 'Given name (kanji)',
    kanaFamily: 'Family name (kana)',
    kanaGiven: 'Given name (kana)',
    birthDate: 'Date of birth',
    sex: 'Sex',
    choose: 'Please choose',
    postcode: 'Postcode',
    address: 'Address',
    municipality: 'Municipality code',
    municipalityHint: 'Five or six digits',
    phone: 'Telephone',
    insurer: 'Insurer number',
    symbol: 'Symbol',
    number: 'Number',
    branch: 'Branch (枝番)',
    branchHint: 'Two digits',
  },
});

export const WhoFields = ({
  form,
  error,
  under = '',
  required = false,
}: {
  readonly form: Pick<FormState<WhoValues>, 'values' | 'set'>;
  readonly error: unknown;
  /** Where the API has them: `corrections.` */
  readonly under?: string;
  readonly required?: boolean;
}): ReactNode => {
  const t = useText();
  const sexes = useChoices('sex');
  const at = (element: string) => ({ at: `${under}${element}`, form, error });
  return (
    <Fields>
      <Field {...at('name.kanji.family')} name="kanjiFamily" label={t('kanjiFamily')} required={required} />
      <Field {...at('name.kanji.given')} name="kanjiGiven" label={t('kanjiGiven')} required={required} />
      <Field {...at('name.kana.family')} name="kanaFamily" label={t('kanaFamily')} required={required} />
      <Field {...at('name.kana.given')} name="kanaGiven" label={t('kanaGiven')} required={required} />
      <Field {...at('birthDate')} name="birthDate" label={t('birthDate')} type="date" required={required} />
      <Field
        {...at('sex')}
        name="sex"
        label={t('sex')}
        choices={[{ value: '', label: t('choose') }, ...sexes]}
        required={required}
      />
      <Field
        {...at('address.postcode')}
        name="postcode"
        label={t('postcode')}
        inputMode="numeric"
        required={required}
      />
      <Field {...at('address.text')} name="address" label={t('address')} required={required} />
      <Field
        {...at('address.municipality')}
        name="municipality"
        label={t('municipality')}
        hint={t('municipalityHint')}
        inputMode="numeric"
        required={required}
      />
      <Field {...at('phone')} name="phone" label={t('phone')} inputMode="tel" />
      <Field {...at('insurance.insurer')} name="insurer" label={t('insurer')} inputMode="numeric" />
      <Field {...at('insurance.symbol')} name="symbol" label={t('symbol')} />
      <Field {...at('insurance.number')} name="number" label={t('number')} />
      <Field {...at('insurance.branch')} name="branch" label={t('branch')} hint={t('branchHint')} inputMode="numeric" />
    </Fields>
  );
};
