// Every row shape of the three tables and every way to it. An access pattern that is not in this list does not exist.
// Trips are round trips one after the other; RRU are strongly consistent; WRU are for rows under 1 KB, `byCode` included.
// test/functions/storage/capacity.test.ts holds the figures.
//
// clinical          p            s                              holds
//   head            P<key>       !C                             rules and links of the patient (made with the Patient): n v u z
//   Patient         P<key>       !P                             \
//   resource        P<key>       <type2>[~]<date7><random7>      | v u x z f k l o [i h r q c y d] [gt1 go1 gs1 gd1 …2]
//   stub            P<key>       home of a resource that moved  to: where it is now
//   pointer         P<other>     as the resource it leads to    tp, ts: where that is; c as that
//   shadow          P<key>       <s>^                           t, c: lets a byCode reader meet a staged change of code
//   old version     H<key>       <home s>#<version>             as the resource was
//   index byCode    P<key>       c = OB<codehash7>[~]<date7><random7>
//   index work<n>   gt=<type2>.<list>, go=owner                 gs=status, gd=date; Appointment, Encounter: gs=date, gd=status;
//                                                               a date is ~<date> where the period is longer than a day
// registry
//   resource        T#<type2>#<shard>   <id>                    as above
//   old version     H#<type2>/<id>      <version>
//   alias           A#<type2>/<id>      -                       tp, ts: where a client-assigned id leads
//   identifier …    I#|K#|B#|T!|Z#<key> <sort>␟<type>/<id>      g: card
//   canonical URL   U#<url>             <version>␟<type>/<id>   of definitions: `url=`, canonical references
//   work list       W#<type>.<list>|<owner>  as above           what has no patient, and owners beyond the first
//   change log      L#<day>             <time>#<batch>          e: [type2, id, version, time]…; L#days / <day>
//   transaction     X#<id>              -                       a: P|C|A, deadline; and M<n>: keys of its rows; X / <id>: open ones
//   region key      K                   data-key                wrapped by KMS
//
// attributes: n schema, v version, u time (ms), x token hashes, z body, y body in S3, f facility, k data class, l labels,
//   o method, i id (client-assigned, or a Patient's), h home s of a moved one, r its registry rows, q other patients,
//   c code key, d deleted, t transaction that has staged `w`, the next image
//
// pattern                                        trips  RRU                WRU
//   read, current version                        1      1 (≤ 4 KB)         -
//   read by client-assigned id                   2, then 1 (kept)  +1      -
//   read of one that moved                       2      2                  -
//   vread                                        1      2 (both at once)   -
//   history                                      1      1 + 1 per 4 KB     -
//   many by id                                   1      1 each             -
//   heads of patients                            1      1 each             -
//   chart search: type, code, dates              1      1 per 4 KB         -
//   whole compartment                            1      1 per 4 KB         -
//   walk                                         1 a page  1 per 4 KB read -
//   … over what of a type is no patient's            2 a page  1 per 4 KB, 16 at least  -  (a shard, then the other 15 at once)
//   look-up                                      1      1 per 4 KB         -
//   work list, one status or span of dates       2      ½ per 4 KB + 1 each -  (the index, two ranges at once; then the rows)
//   create (server id)                           1      -                  1, Observation 2
//   create (client id)                           1      -                  4, Observation 6: two rows, one transaction
//   register a Patient with n look-ups           1      -                  2 (2 + n), alias none
//   update                                       1      -                  4, Observation 6
//   update that moves the date                   1      -                  6-8, Observation 10-12
//   delete                                       1      -                  4, Observation 6
//   head, alone                                  1      -                  1
//   a Consent with the heads of k linked patients  1    -                  2 + 2 k (server id)
//   transaction of n creates, up to 100 rows     1      -                  2 n (Observations 4 n)
//   larger: staged, then rolled forward          25 rows a call  -         2 n (Observations 4 n) + 2 WRU per 300 KB of keys
//   … under client-assigned ids: an alias each                             2 n more, spread over the registry
//
// ---- rows of clients, staff, used token ids and audit chains (auth, audit): below ----
import { hash } from 'node:crypto';
import { TYPE_CODES } from '../fhir/resource-types.ts';
import { encodeBytes } from './base32.ts';
import { codeHash, type Key } from './items.ts';
import { HEAD, type Place, sortKey, typeCode } from './order.ts';
import type { Lookup } from './port.ts';

/** Layout of the rows below. A reader that meets a higher number must refuse; a lower one is migrated as it is rewritten. */
export const SCHEMA = 1;

export const TRANSACTIONS = 'X';

const SHARDS = 16;

/**
 * Types that belong to no patient: their client-assigned ids need no alias. Whatever is not here may be placed with a patient
 * (search/index-entries.ts decides), so a client-assigned id of it is resolved through its alias.
 */
const REGISTRY_ONLY = new Set<string>(
  `ActivityDefinition BiologicallyDerivedProduct Bundle CapabilityStatement CatalogEntry ChargeItemDefinition CodeSystem CompartmentDefinition ConceptMap
  DeviceDefinition DeviceMetric EffectEvidenceSynthesis Endpoint EnrollmentResponse EventDefinition Evidence EvidenceVariable ExampleScenario GraphDefinition
  Group HealthcareService ImplementationGuide InsurancePlan Library Linkage Location Measure Medication MedicationKnowledge MedicinalProduct
  MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient
  MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical
  MedicinalProductUndesirableEffect MessageDefinition MessageHeader NamingSystem ObservationDefinition OperationDefinition Organization
  OrganizationAffiliation Parameters PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole Questionnaire ResearchDefinition
  ResearchElementDefinition ResearchStudy RiskEvidenceSynthesis SearchParameter Slot SpecimenDefinition StructureDefinition
  StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation
  SubstanceSourceMaterial SubstanceSpecification TerminologyCapabilities TestReport TestScript ValueSet
  VerificationResult`.split(/\s+/),
);

export const isRegistryOnly = (type: string): boolean => REGISTRY_ONLY.has(type);

const clinical = (p: string, s: string): Key => ({ table: 'clinical', p, s });
const registry = (p: string, s: string): Key => ({ table: 'registry', p, s });

const shardOf = (id: string): string => (hash('sha1', id, 'buffer')[0]! % SHARDS).toString(16);
const codeOf = (type: string): string => TYPE_CODES[type as keyof typeof TYPE_CODES];

export const shardsOf = (type: string): string[] =>
  Array.from({ length: SHARDS }, (_, shard) => `T#${codeOf(type)}#${shard.toString(16)}`);

const BUCKETS = {
  identifier: 'I#',
  name: 'K#',
  birth: 'B#',
  phone: 'T!',
  postcode: 'Z#',
  url: 'U#',
  work: 'W#',
} as const;

/** Between the sort text of a look-up row and the resource that it leads to. */
export const UNIT = '\u001f';

export const key = {
  partition: (patientKey: string) => `P${patientKey}`,
  head: (patientKey: string) => clinical(`P${patientKey}`, HEAD),
  resource: (patientKey: string, type: string, place: Place) => clinical(`P${patientKey}`, sortKey(type, place)),
  shadow: ({ p, s }: Key) => clinical(p, `${s}^`),
  registry: (type: string, id: string) => registry(`T#${codeOf(type)}#${shardOf(id)}`, id),
  alias: (type: string, id: string) => registry(`A#${codeOf(type)}/${id}`, '-'),
  /** Of the row at `home`. */
  versions: (home: Key, type: string) =>
    home.table === 'clinical' ? `H${home.p.slice(1)}` : `H#${codeOf(type)}/${home.s}`,
  version: (home: Key, type: string, version: number): Key => ({
    table: home.table,
    p: key.versions(home, type),
    s: key.versionPrefix(home) + String(version).padStart(9, '0'),
  }),
  versionPrefix: (home: Key) => (home.table === 'clinical' ? `${home.s}#` : ''),
  /** Prefix of an Observation's place in `byCode`. */
  code: (type: string, code: string) => typeCode(type) + encodeBytes(codeHash(code), 7),
  lookup: (bucket: Lookup['bucket'], of: string) => BUCKETS[bucket] + fitted(of, 1500),
  lookupSort: (sort: string) => (sort === '' ? '' : fitted(sort, 800)),
  lookupRow: ({ bucket, key: of, sort }: Lookup, type: string, id: string) =>
    registry(key.lookup(bucket, of), `${key.lookupSort(sort)}${UNIT}${type}/${id}`),
  transaction: (id: string) => registry(`X#${id}`, '-'),
  manifest: (id: string, chunk: number) => registry(`X#${id}`, `M${String(chunk).padStart(4, '0')}`),
  openTransaction: (id: string) => registry(TRANSACTIONS, id),
  regionKey: () => registry('K', 'data-key'),
  changes: (day: string) => `L#${day}`,
  changeDays: () => 'L#days',
} as const;

export const isAliasKey = ({ table, p }: Key): boolean => table === 'registry' && p.startsWith('A#');
export const isShadowKey = ({ table, s }: Key): boolean => table === 'clinical' && s.endsWith('^');

/** Keys hold 2,048 and 1,024 bytes; a longer text keeps its beginning and is told apart by its hash. */
const fitted = (of: string, most: number): string => {
  const bytes = Buffer.from(of || '-');
  if (bytes.byteLength <= most) return of || '-';
  return `${bytes
    .subarray(0, most - 70)
    .toString('utf8')
    .replace(/\ufffd+$/, '')}${UNIT}${hash('sha256', of)}`;
};
