// Words for standard HL7 codes, by code and not by what an author's software calls them: loaded records say "Active" where a
// reader in Japan looks for 継続. What stands in no table here is shown as its author wrote it.
// https://terminology.hl7.org/codesystems.html
import type { Language } from '../i18n/i18n.ts';
import { type CodeableConcept, type Coding, conceptText } from './fhir.ts';

/** Code → Japanese and English, by `code 日本語 English` a line. */
const table = (lines: string): ReadonlyMap<string, Readonly<Record<Language, string>>> =>
  new Map(
    lines
      .trim()
      .split('\n')
      .map((line) => {
        const [code = '', ja = '', en = ''] = line.split('|').map((part) => part.trim());
        return [code, { ja, en }] as const;
      }),
  );

const VERIFICATION = `
  unconfirmed|未確認|unconfirmed
  presumed|推定|presumed
  provisional|疑い|suspected
  differential|疑い（鑑別中）|suspected (differential)
  confirmed|確定|confirmed
  refuted|否定|refuted
  entered-in-error|誤記|entered in error`;

/** Of `status` elements, which have no system: by the type of the resource where types differ. */
const STATUSES = table(`
  active|継続|active
  on-hold|保留|on hold
  cancelled|取消|cancelled
  completed|完了|completed
  stopped|中止|stopped
  draft|下書き|draft
  unknown|不明|unknown
  intended|予定|intended
  not-taken|服用していない|not taken
  not-done|未実施|not done
  preparation|準備中|in preparation
  in-progress|実施中|in progress
  suspended|中断|suspended
  aborted|中止|aborted
  revoked|取消|revoked
  declined|辞退|declined
  planned|予定|planned
  arrived|来院|arrived
  triaged|トリアージ済|triaged
  onleave|外泊中|on leave
  finished|終了|finished
  registered|登録のみ|registered
  partial|一部|partial
  preliminary|暫定|preliminary
  final|確定|final
  amended|訂正|amended
  corrected|訂正|corrected
  appended|追記|appended
  superseded|旧版|superseded
  current|最新|current
  inactive|無効|inactive
  proposed|提案|proposed
  accepted|合意|accepted
  rejected|不採用|rejected`);

const INTENTS = table(`
  proposal|提案|proposal
  plan|計画|plan
  directive|指図|directive
  order|指示|order
  original-order|当初の指示|original order
  reflex-order|追加の指示|reflex order
  filler-order|実施側の指示|filler order
  instance-order|個別の指示|instance order
  option|選択肢|option`);

const CRITICALITY = table(`
  low|低い危険|low risk
  high|重篤の危険|severe risk
  unable-to-assess|危険は不明|risk not known`);

const SEVERITIES = table(`
  mild|軽度|mild
  moderate|中等度|moderate
  severe|重度|severe`);

const SUBSTANCES = table(`
  food|食物|food
  medication|薬|medication
  environment|環境|environment
  biologic|生物製剤|biologic`);

const SYSTEMS: Readonly<Record<string, ReturnType<typeof table>>> = {
  'condition-clinical': table(`
  active|継続|active
  recurrence|再発|recurrence
  relapse|再燃|relapse
  inactive|落ち着いている|inactive
  remission|寛解|remission
  resolved|治癒|resolved`),
  'condition-ver-status': table(VERIFICATION),
  'allergyintolerance-verification': table(VERIFICATION),
  'allergyintolerance-clinical': table(`
  active|有効|active
  inactive|現在はなし|inactive
  resolved|消失|resolved`),
  'condition-category': table(`
  problem-list-item|プロブレム|problem
  encounter-diagnosis|受診時の診断|diagnosis of a visit
  health-concern|健康上の懸念|health concern`),
  'observation-category': table(`
  social-history|生活歴|social history
  vital-signs|バイタルサイン|vital signs
  imaging|画像|imaging
  laboratory|検体検査|laboratory
  procedure|処置|procedure
  survey|質問票|survey
  exam|診察|examination
  therapy|治療|therapy
  activity|活動|activity`),
  'v3-ActCode': table(`
  AMB|外来|outpatient
  EMER|救急|emergency
  IMP|入院|inpatient
  ACUTE|急性期入院|acute inpatient
  NONAC|入院（急性期以外）|non-acute inpatient
  OBSENC|経過観察|observation
  SS|短期滞在|short stay
  PRENC|入院前|before admission
  HH|訪問|home visit
  FLD|現場|in the field
  VR|オンライン|virtual`),
  'v2-0074': table(`
  LAB|検体検査|laboratory
  CH|生化学|chemistry
  HM|血液|haematology
  MB|微生物|microbiology
  SR|血清|serology
  SP|病理|surgical pathology
  PAT|病理|pathology
  CY|細胞診|cytology
  RAD|放射線|radiology
  RX|放射線|radiograph
  CT|CT|CT
  NMR|MRI|MRI
  US|超音波|ultrasound
  NMS|核医学|nuclear medicine
  EC|心電図|electrocardiogram
  CUS|心エコー|cardiac ultrasound
  OTH|その他|other`),
  'medicationrequest-category': table(`
  inpatient|入院|inpatient
  outpatient|外来|outpatient
  community|在宅|at home
  discharge|退院|discharge`),
  'medication-statement-category': table(`
  inpatient|入院|inpatient
  outpatient|外来|outpatient
  community|在宅|at home
  patientspecified|本人の申告|as the patient says`),
  'communication-category': table(`
  alert|警告|alert
  notification|お知らせ|notification
  reminder|リマインダー|reminder
  instruction|指示|instruction`),
  'careplan-category': table('assess-plan|評価と計画|assessment and plan'),
  'us-core-documentreference-category': table('clinical-note|診療記録|clinical note'),
  'us-core-condition-category': table('sdoh|社会的要因|social determinants'),
  'goal-achievement': table(`
  in-progress|取り組み中|in progress
  improving|改善|improving
  worsening|悪化|worsening
  no-change|変化なし|no change
  achieved|達成|achieved
  sustaining|維持|sustaining
  not-achieved|未達成|not achieved
  no-progress|進展なし|no progress
  not-attainable|達成困難|not attainable`),
  'diagnosis-role': table(`
  AD|入院時診断|admission diagnosis
  DD|退院時診断|discharge diagnosis
  CC|主訴|chief complaint
  CM|併存症|comorbidity
  pre-op|術前診断|before the operation
  post-op|術後診断|after the operation
  billing|請求用|billing`),
  'data-absent-reason': table(`
  unknown|不明|unknown
  asked-unknown|本人も不明|asked and not known
  temp-unknown|一時的に不明|not known yet
  not-asked|未聴取|not asked
  asked-declined|回答なし|declined to answer
  masked|非開示|masked
  not-applicable|該当なし|not applicable
  unsupported|対象外|unsupported
  error|測定エラー|error
  not-performed|未実施|not performed
  not-permitted|不可|not permitted`),
  // https://www2.cdc.gov/vaccines/iis/iisstandards/vaccines.asp?rpt=cvx, those that are given in Japan too.
  cvx: table(`
  03|麻しん・おたふくかぜ・風しん（MMR）|MMR
  08|B型肝炎（小児）|hepatitis B (child)
  10|不活化ポリオ|polio (inactivated)
  20|三種混合（DTaP）|DTaP
  21|水痘|varicella
  33|肺炎球菌（23価）|pneumococcus (23-valent)
  43|B型肝炎（成人）|hepatitis B (adult)
  49|Hib|Hib
  52|A型肝炎（成人）|hepatitis A (adult)
  62|HPV（4価）|HPV (4-valent)
  83|A型肝炎（小児）|hepatitis A (child)
  113|破傷風・ジフテリア（Td）|Td
  114|髄膜炎菌（4価）|meningococcus (ACWY)
  115|三種混合（Tdap）|Tdap
  119|ロタウイルス（1価）|rotavirus (monovalent)
  121|帯状疱疹（生）|zoster (live)
  133|肺炎球菌（13価）|pneumococcus (13-valent)
  140|インフルエンザ|influenza
  165|HPV（9価）|HPV (9-valent)
  187|帯状疱疹（組換え）|zoster (recombinant)
  207|新型コロナ（モデルナ）|COVID-19 (Moderna)
  208|新型コロナ（ファイザー）|COVID-19 (Pfizer)`),
  'v3-ObservationInterpretation': table(`
  H|高い|high
  HH|極めて高い|critically high
  L|低い|low
  LL|極めて低い|critically low
  N|正常|normal
  A|異常|abnormal
  AA|極めて異常|critically abnormal
  POS|陽性|positive
  NEG|陰性|negative
  IND|判定保留|indeterminate
  DET|検出|detected
  ND|検出せず|not detected
  R|耐性|resistant
  S|感性|susceptible
  I|中間|intermediate`),
};

/** Of SNOMED CT the few that stand for severity: https://hl7.org/fhir/R4/valueset-condition-severity.html */
const SNOMED = table(`
  255604002|軽度|mild
  6736007|中等度|moderate
  24484000|重度|severe`);

const systemTable = (system: string): ReturnType<typeof table> | undefined =>
  system === 'http://snomed.info/sct'
    ? SNOMED
    : /^http:\/\/(terminology\.hl7\.org|hl7\.org\/fhir)\//.test(system)
      ? SYSTEMS[system.slice(system.lastIndexOf('/') + 1)]
      : undefined;

const wordOf = (language: Language, { system = '', code = '' }: Coding): string | undefined =>
  systemTable(system)?.get(code)?.[language];

/** In the reader's language where a standard code says it, else as its author wrote it. */
export const conceptIn = (language: Language, concept: CodeableConcept | undefined): string => {
  for (const coding of concept?.coding ?? []) {
    const word = wordOf(language, coding);
    if (word !== undefined) return word;
  }
  return conceptText(concept);
};

/** Whether a standard code says all that there is: "laboratory", "assessment and plan" and the like. */
export const isStandard = (concept: CodeableConcept | undefined): boolean =>
  concept?.coding?.some((coding) => wordOf('en', coding) !== undefined) === true;

const word = (of: ReturnType<typeof table>) => (language: Language, code: unknown) =>
  typeof code === 'string' ? (of.get(code)?.[language] ?? code) : '';

export const statusIn = word(STATUSES);
export const intentIn = word(INTENTS);
export const criticalityIn = word(CRITICALITY);
export const severityIn = word(SEVERITIES);
export const substanceIn = word(SUBSTANCES);
