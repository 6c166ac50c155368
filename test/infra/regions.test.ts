// Region files: the messages are for a municipal engineer.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RESOURCE_TYPES } from '../../functions/fhir/resource-types.ts';
import { generalJpProfile } from '../../functions/profiles/jp-core/index.ts';
import { readRegions } from '../../infra/regions/read-regions.ts';
import { WITH_JP_CORE } from '../../infra/regions/schema.ts';
import { given, synthesized } from './synthesized.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsumugi-regions-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, content: unknown) =>
  writeFileSync(join(folder, `${name}.json`), typeof content === 'string' ? content : JSON.stringify(content));
const messageOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
  throw new Error('nothing was refused');
};

it('reads the demo regions', () => {
  const regions = readRegions(join(import.meta.dirname, '../../infra/regions'), ['tokushima', 'kesen']);

  expect(regions.map(({ name, prefecture }) => [name, prefecture])).toEqual([
    ['kesen', '03'],
    ['tokushima', '36'],
  ]);
});

describe('a region file is refused, with its name, the field and the rule, when', () => {
  const refused = (content: unknown, name = 'testing') => {
    write(name, content);
    const message = messageOf(() => readRegions(folder));
    expect(message).toContain(join(folder, `${name}.json`));
    return message;
  };

  it('it is not JSON', () => {
    expect(refused('{ "name": ')).toContain('is not JSON (JSONの書式の誤り)');
  });

  it('it is not in UTF-8, as an editor may have saved it', () => {
    const shiftJis = Buffer.from([...Buffer.from('{"title":{"ja":"'), 0x93, 0xbf, 0x93, 0x87, ...Buffer.from('"}}')]);
    writeFileSync(join(folder, 'testing.json'), shiftJis);
    expect(messageOf(() => readRegions(folder))).toContain('is not in UTF-8 (文字コードがUTF-8でない)');
  });

  it('a setting is missing', () => {
    const { homeCommunityId: _, ...rest } = given.region();

    expect(refused(rest)).toContain(
      'homeCommunityId: is missing (未記入); must be text: the OID of the region (地域のOID)',
    );
  });

  it('a group of settings is missing', () => {
    const { audit: _, ...rest } = given.region();

    expect(refused(rest)).toContain('audit: is missing (未記入); must be a group of settings in braces { }');
  });

  it('a setting is not known', () => {
    expect(refused({ ...given.region(), hospital: 'x' })).toContain('hospital: is not a setting we know (未知の項目)');
  });

  it('a number is written in quotes', () => {
    expect(refused({ ...given.region(), throttling: { rate: '100', burst: 200 } })).toContain(
      'throttling.rate: must be a whole number: requests per second on average (毎秒の要求数)',
    );
  });

  it('it would forget who has looked sooner than the law lets charts be forgotten', () => {
    expect(refused({ ...given.region(), audit: { lockMode: 'COMPLIANCE', lockYears: 4 } })).toContain(
      'audit.lockYears: must be',
    );
  });

  it('data would leave Japan without a reason', () => {
    expect(refused({ ...given.region(), awsRegion: 'us-east-1' })).toMatch(
      /awsRegion: lies outside Japan \(日本国外\).*outsideJapanReason/,
    );
  });

  it('JP Core is asked for of a type that it has no profile for', () => {
    expect(refused({ ...given.region(), requireJpCore: ['Patient', 'Patients'] })).toContain(
      'requireJpCore: must be true, false or a list of resource types that JP Core has a profile for',
    );
    for (const resourceType of RESOURCE_TYPES)
      expect(generalJpProfile({ resourceType }) !== undefined, resourceType).toBe(WITH_JP_CORE.includes(resourceType));
  });

  it('the OID is not one', () => {
    expect(refused({ ...given.region(), homeCommunityId: 'urn:oid:1.2' })).toContain('homeCommunityId: must be an OID');
  });

  it('it has a host name for mutual TLS and no other', () => {
    const mtlsDomain = {
      name: 'ihe.example.jp',
      certificateArn: 'arn:aws:acm:ap-northeast-1:123456789012:certificate/00000000-0000-0000-0000-000000000001',
      truststore: 's3://bucket-of-trust/truststore.pem',
    };

    expect(refused({ ...given.region(), mtlsDomain })).toContain('mtlsDomain: needs "domain" too');
  });

  it('it has passkeys, and no host name that they could belong to', () => {
    const passkeys = { for: ['staff'] };

    expect(refused({ ...given.region(), passkeys })).toContain('passkeys: needs "consoleDomain"');
    expect(
      refused({ ...given.region(), account: '123456789012', passkeys: { ...passkeys, localhost: true } }),
    ).toContain('passkeys.localhost: is for a region that runs on one machine');
    expect(refused({ ...given.region(), passkeys: { for: ['patients'] } })).toContain(
      'passkeys.for.0: must be "staff" (職員) or "residents" (住民)',
    );
  });

  it('minors decide alone from an age that is none of the two, or from one in quotes', () => {
    for (const matureMinorAge of [14, 18, '15'])
      expect(refused({ ...given.region(), matureMinorAge })).toContain(
        'matureMinorAge: must be 15 or 16 without quotes: the age from which a minor sees and consents alone (未成年者が単独で閲覧・同意できる年齢)',
      );
  });

  it('nobody says since when a dollar is worth so many yen', () => {
    expect(refused({ ...given.region(), yenPerUsd: { rate: 152.5 } })).toContain('yenPerUsd.asOf: is missing');
    expect(refused({ ...given.region(), yenPerUsd: { rate: 1.5, asOf: '2026-10-01' } })).toContain('yenPerUsd.rate:');
  });

  it('it is a list, or has a comment, as JSON does not', () => {
    expect(refused('[]')).toContain('(whole file): must be a group of settings in braces { } (設定は { } の中)');
    expect(refused('// ours\n{}').split('\n')).toHaveLength(1);
  });

  it('a title is blank, or an OID has an arc that there is not', () => {
    expect(refused({ ...given.region(), title: { ja: '　', en: 'x' } })).toContain('title.ja: must not be empty');
    expect(refused({ ...given.region(), homeCommunityId: '1.40.1' })).toContain('homeCommunityId: must be an OID');
  });

  it('a certificate is of another place or account, or two host names are one', () => {
    const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000001';
    const domain = { name: 'api.example.jp', certificateArn };
    expect(refused({ ...given.region(), domain })).toContain(
      'domain.certificateArn: must be a certificate in ap-northeast-1, as the API is',
    );
    expect(refused({ ...given.region(), account: '999999999999', consoleDomain: domain })).toContain(
      'consoleDomain.certificateArn: must be a certificate of the account 999999999999',
    );
    expect(refused({ ...given.region(), domain, consoleDomain: domain })).toContain(
      'consoleDomain.name: is the name of "domain" too (ホスト名の重複)',
    );
  });

  it('its name is not that of the file', () => {
    expect(refused(given.region(), 'another')).toContain('name: must be "another", as the file is called');
  });
});

it('refuses two regions with one OID: they would answer for each other', () => {
  write('one', given.region({ name: 'one' }));
  write('two', given.region({ name: 'two' }));

  expect(messageOf(() => readRegions(folder))).toContain('two.json: homeCommunityId: is already used by one.json');
});

it('takes the mark that some editors put before UTF-8', () => {
  write('testing', `\uFEFF${JSON.stringify(given.region())}`);

  expect(readRegions(folder)).toHaveLength(1);
});

it('says which region does not exist', () => {
  expect(messageOf(() => readRegions(folder, ['atlantis']))).toContain(join(folder, 'atlantis.json'));
});

it('lets data leave Japan when the file says why', () => {
  write('testing', { ...given.region(), awsRegion: 'us-west-2', outsideJapanReason: 'a test with made-up patients' });

  expect(readRegions(folder)).toHaveLength(1);
});

it('a new file is a new stage with its three stacks, and no code', () => {
  write('one', given.region({ name: 'one', yenPerUsd: { rate: 152.5, asOf: '2026-10-01' } }));
  write('two', given.region({ name: 'two', homeCommunityId: '2.999.2' }));

  const { stages } = synthesized(...readRegions(folder));

  expect(stages.flatMap(({ stacks }) => stacks.map(({ stackName }) => stackName))).toEqual([
    'One-Console',
    'One-Stateful',
    'One-Stateless',
    'Two-Console',
    'Two-Stateful',
    'Two-Stateless',
  ]);
  const [one, two] = stages.map(({ stateless }) => JSON.stringify(stateless));
  expect(one).toContain('"YEN_PER_USD":"152.5@2026-10-01"');
  expect(two).toContain('"YEN_PER_USD":""');
});
