// Everything official that we have: JP Core 1.2.0, CLINS, ePrescription, eReferral examples, by our tables and by their own
// packages. The counts are those of docs/profiles.md.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseJson } from '../../../functions/fhir/json.ts';
import type { Json, Resource } from '../../../functions/fhir/types.ts';
import { validate } from '../../../functions/fhir/validate.ts';
import { Definitions } from '../../../functions/profiles/definitions.ts';
import { jpCoreProfiles } from '../../../functions/profiles/jp-core/index.ts';
import { profileIssues } from '../../../functions/profiles/profiles.ts';
import type { Known } from '../../../functions/profiles/rules.ts';
import { sharedData, unpack } from '../fhir/shared-data.ts';

const CORE = sharedData('jp/jp-core-1.2.0.tar.gz');
const when = CORE ? it : it.skip;
const named = (name: string) => (CORE ? name : `${name} (skipped: no shared data)`);

type Files = Map<string, Buffer>;

const resourcesIn = (files: Files, name: RegExp): Map<string, Resource> => {
  const found = new Map<string, Resource>();
  for (const [file, bytes] of files) {
    if (!name.test(file)) continue;
    const resource = parseJson(bytes) as unknown as Resource;
    if (typeof resource?.resourceType === 'string') found.set(file, resource);
  }
  return found;
};

const knowing = (definitions: Iterable<Resource>): Definitions => {
  const known = new Definitions();
  for (const resource of definitions) known.add(resource);
  return known;
};
const DEFINITIONS = /^(?:StructureDefinition|ValueSet|CodeSystem)-.*\.json$/;
/** Those that have the results of CLINS. */
const WITH_RESULTS = ['jp-clins.r4-1.5.2-snapshot.tgz', 'jp-eDischargeSummary.r4.tgz', 'jp-eReferral.r4.tgz'];
const definitionsIn = new Map<string, Map<string, Resource>>();
const definitionsOf = (file: string): Map<string, Resource> => {
  const found = definitionsIn.get(file) ?? resourcesIn(unpack(sharedData(`jp/packages/${file}`)!), DEFINITIONS);
  definitionsIn.set(file, found);
  return found;
};
const elementsOf = (resource: Resource): Record<string, unknown>[] => {
  const { snapshot, differential } = resource as unknown as Record<string, { element: Record<string, unknown>[] }>;
  return (snapshot ?? differential)!.element;
};
const packaged = (file: string): Definitions => knowing(definitionsOf(file).values());

const errors = (resource: Resource, known?: Known): string[] => [
  ...new Set(
    profileIssues(resource, { known })
      .filter(({ severity }) => severity === 'error')
      .map(({ expression }) => expression![0]!),
  ),
];

/** File → elements at fault; files without a fault only count. */
const judge = (resources: Map<string, Resource>, known?: Known) => {
  const refused: Record<string, string[]> = {};
  for (const [file, resource] of resources) {
    const found = errors(resource, known);
    if (found.length > 0) refused[file] = found;
  }
  return { accepted: resources.size - Object.keys(refused).length, refused };
};

const EXAMPLE =
  /^(?!StructureDefinition|ValueSet|CodeSystem|NamingSystem|SearchParameter|CapabilityStatement|ImplementationGuide)[A-Z][A-Za-z]+-.*\.json$/;

describe('official examples', () => {
  when(named('of JP Core 1.2.0 meet our tables, all 76'), () => {
    const examples = resourcesIn(unpack(CORE!), EXAMPLE);
    expect(judge(examples)).toEqual({ accepted: 76, refused: {} });
    for (const resource of examples.values()) expect(validate(resource)).toEqual([]);
  });

  when(named('of CLINS meet our tables and their own package, but for the medicine without a standard code'), () => {
    const examples = resourcesIn(unpack(sharedData('jp/clins-examples.tar.gz')!), EXAMPLE);
    expect(judge(examples)).toEqual({ accepted: 61, refused: {} });
    expect(judge(examples, packaged('jp-clins.r4-1.5.2-snapshot.tgz'))).toEqual({
      accepted: 60,
      refused: { 'MedicationRequest-ErrorExample-JP-MedReq-ExtEye-Total1.json': ['MedicationRequest'] },
    });
  });

  when(named('of CLINS: the wrong code of a medicine is refused once the list of codes is loaded'), () => {
    const known = packaged('jp-clins.r4-1.5.2-snapshot.tgz');
    const system = 'http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode';
    known.add({ resourceType: 'CodeSystem', url: system, content: 'complete', concept: [{ code: '1124030F2ZZZ' }] });
    known.add({
      resourceType: 'ValueSet',
      url: 'http://jpfhir.jp/fhir/core/ValueSet/JP_MedicationCodeCommon_VS',
      compose: { include: [{ system }] },
    });
    const examples = resourcesIn(unpack(sharedData('jp/clins-examples.tar.gz')!), /PO-SID-28days/);
    expect(judge(examples, known)).toEqual({
      accepted: 1,
      refused: {
        'MedicationRequest-ErrorExample-JP-MedReq-PO-SID-28days.json': ['MedicationRequest.medication.coding[0].code'],
      },
    });
  });

  when(
    named('of CLINS: the list in which the wrong code of that medicine could be looked up is published without codes'),
    () => {
      const valueSet = 'http://jpfhir.jp/fhir/core/ValueSet/JP_MedicationCodeCommon_VS';
      const clins = [...definitionsOf(WITH_RESULTS[0]!).values()];
      const bound = clins.find(
        ({ url }) => url === 'http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_MedicationRequest_eCS',
      )!;
      expect(
        elementsOf(bound).find(({ id }) => id === 'MedicationRequest.medication[x].coding:codingGeneralName.code'),
      ).toMatchObject({ binding: { strength: 'required', valueSet } });
      expect(clins.filter(({ url }) => url === valueSet)).toEqual([]);
      const lists = resourcesIn(
        unpack(sharedData('jp/jpfhir-terminology-v1.1.1.tar.gz')!),
        /jp-medicationcode-common-(?:cs|vs)/,
      );
      const of = (type: string) => [...lists.values()].find(({ resourceType }) => resourceType === type);
      const system = 'urn:oid:1.2.392.100495.20.1.81';
      expect(of('ValueSet')).toMatchObject({ url: valueSet, compose: { include: [{ system }] } });
      expect(of('CodeSystem')).toMatchObject({ url: system, content: 'fragment' });
      expect(of('CodeSystem')).not.toHaveProperty('concept');
    },
  );

  when(
    named('of CLINS: a result without a local code is what each published profile allows; a minimum would refuse it'),
    () => {
      const examples = resourcesIn(unpack(sharedData('jp/clins-examples.tar.gz')!), /ErrorExample-ObsLabo-eGFR/);
      const profileUrl = 'http://jpfhir.jp/fhir/eCS/StructureDefinition/JP_Observation_LabResult_eCS';
      const own = /^(?:https?:\/\/[^/]+\/fhir\/)\w+(?=\/StructureDefinition\/JP_Observation_LabResult_eCS$)/;
      let published = 0;
      for (const file of WITH_RESULTS)
        for (const resource of definitionsOf(file).values()) {
          if (!own.test(`${resource.url}`)) continue;
          const slice = elementsOf(resource).find(({ id }) => id === 'Observation.code.coding:localLaboCode')!;
          expect([file, slice.min, slice.max]).toEqual([file, 0, '1']);
          published++;
        }
      expect(published).toBeGreaterThanOrEqual(3);

      const definitions = definitionsOf('jp-clins.r4-1.5.2-snapshot.tgz');
      expect(judge(examples, knowing(definitions.values()))).toEqual({ accepted: 1, refused: {} });
      const stricter = [...definitions.values()].map((resource) => {
        if (resource.url !== profileUrl) return resource;
        const element = elementsOf(resource).map((each) =>
          each.id === 'Observation.code.coding:localLaboCode' ? { ...each, min: 1 } : each,
        );
        return { ...resource, snapshot: { element } } as unknown as Resource;
      });
      expect(judge(examples, knowing(stricter)).refused).toEqual({
        'Observation-ErrorExample-ObsLabo-eGFR.json': ['Observation.code.coding'],
      });
    },
  );

  when(named('of ePrescription and eReferral meet both, but for those that break their own profile'), () => {
    const all = unpack(sharedData('jp/eReferral-examples.tar.gz')!);
    const prescription = resourcesIn(all, /ePre(?:Data|Bundle)(?:-|Example|publicPay)/);
    const valid = new Map([...prescription].filter(([, resource]) => validate(resource).length === 0));
    const { refused } = judge(valid, packaged('jp-ePrescriptionData.r4.tgz'));
    const places = Object.values(refused)
      .flat()
      .map((path) => path.replace(/^Bundle\.entry\[\d+\]\.resource/, ''));
    // valueIdentifier for a Coding (JP Core 1.1.2 and 1.2.0 alike); practitioner-certificate-category for …_certificate_category.
    expect(new Set(places.map((path) => path.replace(/^(?:Organization|Practitioner)/, '')))).toEqual(
      new Set(['.extension[0].value', '.extension[1].value', '']),
    );
  });
});

describe('our tables', () => {
  const official = new Map<string, Resource>();
  const examples: Resource[] = [];
  beforeAll(() => {
    if (!CORE) return;
    const files = unpack(CORE);
    const profiles = [...files].find(([name]) => name.startsWith('profiles-with-snapshots'));
    expect(profiles).toBeDefined();
    for (const [, resource] of resourcesIn(unpackNested(profiles![1]), /^StructureDefinition-/))
      official.set(String(resource.url), resource);
    examples.push(...resourcesIn(files, EXAMPLE).values());
  });

  when(named('hold every profile and extension of the guide'), () => {
    expect(official.size).toBe(111);
    expect([...official.keys()].filter((url) => !jpCoreProfiles().has(url))).toEqual([]);
  });

  when(
    named('name the same elements as the official definitions, whatever is changed, under every profile of the type'),
    () => {
      const known = knowing(official.values());
      const profiles = [...official.values()].filter(({ type }) => type !== 'Extension');
      const random = generator(20_261_122);
      let refused = 0;
      for (const example of examples) {
        const claimable = profiles.filter(({ type }) => type === example.resourceType);
        if (claimable.length === 0) continue;
        for (let round = 0; round < 60; round++) {
          const changed = mutate(example, random);
          changed.meta = { ...changed.meta, profile: [String(claimable[random(claimable.length)]!.url)] };
          if (validate(changed).length > 0) continue;
          const expected = errors(changed, known).sort();
          expect(errors(changed).sort()).toEqual(expected);
          if (expected.length > 0) refused++;
        }
      }
      expect(refused).toBeGreaterThan(1_000);
    },
  );
});

const unpackNested = (bytes: Buffer): Files => {
  const file = join(mkdtempSync(join(tmpdir(), 'tsumugi-profiles-')), 'nested.tar.gz');
  writeFileSync(file, bytes);
  return unpack(file);
};

/** Numbers below `n`, the same ones each time. */
const generator = (start: number) => {
  let state = start;
  return (n: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state % n;
  };
};

type Place = [owner: Record<string, Json> | Json[], key: string];

const placesIn = (value: unknown, found: Place[] = []): Place[] => {
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return found;
  for (const [key, child] of Object.entries(value)) {
    if (['resourceType', 'meta', 'text', 'id'].includes(key)) continue;
    found.push([value as Place[0], key]);
    placesIn(child, found);
  }
  return found;
};

const copy = <T>(value: T): T => parseJson(Buffer.from(JSON.stringify(value))) as unknown as T;

/** Takes something away, writes it otherwise, doubles it, or puts something of the same name from elsewhere there. */
const mutate = (resource: Resource, random: (n: number) => number): Resource => {
  const changed = copy(resource);
  const places = placesIn(changed);
  const [owner, key] = places[random(places.length)]!;
  const at = owner as Record<string, Json>;
  const twins = places.filter(([other, name]) => name === key && other !== owner);
  const twin = twins[random(Math.max(1, twins.length))];
  switch (random(4)) {
    case 0:
      if (Array.isArray(owner)) owner.splice(Number(key), 1);
      else delete at[key];
      break;
    case 1:
      if (typeof at[key] === 'string') at[key] = `${at[key]}x`;
      break;
    case 2:
      if (Array.isArray(owner)) owner.push(copy(at[key]!));
      break;
    default:
      if (twin) at[key] = copy((twin[0] as Record<string, Json>)[twin[1]]!);
  }
  return changed;
};
