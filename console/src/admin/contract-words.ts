// What a link contract is called on its pages, and what the API says of one.
import { words } from '../i18n/i18n.ts';

export const useContractText = words({
  ja: {
    title: '他地域との連携',
    about: '他の地域との連携契約です。双方が同じ条件で「有効」とするまで、情報は行き来しません。',
    self: '自地域のコミュニティID: {oid}',
    none: '連携契約はありません。',
    name: '地域',
    community: 'コミュニティID（OID）',
    own: '自地域の状態',
    peer: '相手の状態',
    health: '連携',
    inForce: '有効',
    stopped: '止まっている',
    untold: '相手に伝わっていません',
    silent: '応答なし',
    silentSince:
      '{since}から応答がありません（最後の照会は{last}、続けて{failures}回）。カルテには自地域などの記録だけが出て、そのことが表示されます。応答が戻ると自動で元に戻ります。',
    whyOwn: '自地域の状態が「{state}」です。',
    whyPeer: '相手の状態が「{state}」です。',
    whyTerms: '双方の条件が違います。',
    whyOver: '契約の最終日を過ぎました。',
    propose: '連携を提案する',
    baseUrl: '相手のAPIのアドレス',
    jwksUrl: '相手の公開鍵（JWKS）のアドレス',
    urlHint: '紙の契約書にあるものを入力してください。',
    until: '最終日（ないときは空欄）',
    unknown: 'まだ聞いていません',
    protocol: '方式',
    tsumugi: 'このソフトウェアの地域',
    ihe: 'IHE（XCPD・XCA）',
    discovery: '患者照会（ITI-55）のアドレス',
    query: '文書検索（ITI-38）のアドレス',
    retrieve: '文書取得（ITI-39）のアドレス',
    assigningAuthority: '患者番号の発番元（OID）',
    certificates: '相手の証明書（PEM、入れ替え中は2枚まで）',
    agreedOn: '合意の根拠',
    agreedOnHint:
      '協定書の名称・番号・日付と保管場所。相手は画面上で承認できないので、別の担当者が確かめて承認します。',
  },
  en: {
    title: 'Other regions',
    about: 'Link contracts with other regions. Nothing moves until both sides say "active" about the same terms.',
    self: 'Community id of this region: {oid}',
    none: 'No link contracts.',
    name: 'Region',
    community: 'Community id (OID)',
    own: 'This side',
    peer: 'Other side',
    health: 'Link',
    silent: 'no answer',
    silentSince:
      'It has not answered since {since} (asked last at {last}, {failures} times in a row). Charts show the records of the others and say so. It is asked again by itself.',
    whyOwn: 'This side: {state}.',
    whyPeer: 'The other side: {state}.',
    whyTerms: 'The two sides have written different terms.',
    whyOver: 'The last day of the contract is over.',
    inForce: 'in force',
    stopped: 'not in force',
    untold: 'the other side has not heard of it',
    propose: 'Propose a link',
    baseUrl: 'Address of their API',
    jwksUrl: 'Address of their public keys (JWKS)',
    urlHint: 'As the signed contract has it.',
    until: 'Last day (empty: none)',
    unknown: 'nothing heard yet',
    protocol: 'Protocol',
    tsumugi: 'A region on this software',
    ihe: 'IHE (XCPD, XCA)',
    discovery: 'Address for patients (ITI-55)',
    query: 'Address for lists of documents (ITI-38)',
    retrieve: 'Address for documents (ITI-39)',
    assigningAuthority: 'Who gives its patient numbers out (OID)',
    certificates: 'Their certificates (PEM; two while one is changed)',
    agreedOn: 'What was agreed on',
    agreedOnHint:
      'Name, number and day of the paper, and where it is kept. The other side cannot approve here, so another person of ours confirms it.',
  },
});

export interface Certificate {
  readonly fingerprint: string;
  readonly until: string;
}

export interface LinkContract {
  readonly community: string;
  readonly name: string;
  readonly protocol: 'tsumugi' | 'ihe';
  readonly baseUrl?: string;
  readonly jwksUrl?: string;
  readonly ihe?: {
    readonly discovery: string;
    readonly query: string;
    readonly retrieve: string;
    readonly assigningAuthority: string;
  };
  /** What was agreed on with a community that cannot say so itself. */
  readonly agreedOn?: string;
  readonly certificates?: readonly Certificate[];
  /** Entered by one, to be confirmed by another. */
  readonly nextCertificates?: readonly Certificate[];
  readonly terms: {
    readonly purposes: readonly string[];
    readonly classes: readonly string[];
    readonly until?: string;
  };
  readonly own: string;
  readonly peer?: { readonly state: string; readonly at: number };
  readonly told: boolean;
  readonly inForce: boolean;
  readonly notInForce?: string;
  /** Since when it has not answered, as charts have found out; milliseconds. */
  readonly down?: { readonly since: number; readonly last: number; readonly failures: number };
  readonly steps: readonly {
    readonly at: number;
    readonly side: 'own' | 'peer';
    readonly state: string;
    readonly by?: string;
    readonly reason?: string;
  }[];
}
