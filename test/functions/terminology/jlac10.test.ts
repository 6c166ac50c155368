// The rules of labels.ts and the terminology operations on the JLAC10 codes of jpfhir-terminology (../shared/data, not in the repository).
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../../functions/fhir/types.ts';
import { ruledLabels } from '../../../functions/terminology/labels.ts';
import { given, openApi, stored } from '../../support/api.ts';
import { sharedData, unpack } from '../fhir/shared-data.ts';
import { call } from '../operations/given.ts';

const archive = sharedData('jp/jpfhir-terminology-v1.1.1.tar.gz');
const URL = 'http://medis.or.jp/CodeSystem/master-JLAC10-17digits';

const read = (): Resource & { concept: { code: string; display: string }[] } =>
  JSON.parse(unpack(archive!).get('CodeSystem-jp-observation-labresult-code-cs.json')!.toString());

describe.skipIf(!archive)('All JLAC10 codes that are published for FHIR (skipped: no shared data)', () => {
  const { concept } = archive ? read() : { concept: [] };
  const labelled = (label: string) =>
    concept.filter(({ code }) =>
      ruledLabels(given.observation('p', { code: { coding: [{ system: URL, code }] } })).some(
        (coding) => coding.code === label,
      ),
    );

  it('are labelled HIV exactly where their name says so', () => {
    const named = concept.filter(({ display }) => /HIV|ヒト免疫不全/.test(display));
    expect(named.length).toBeGreaterThan(20);
    expect(labelled('HIV')).toEqual(named);
  });

  it('are labelled genetic where they are of a person’s chromosomes or genes, and nowhere else', () => {
    const genetic = labelled('GDIS');
    expect(genetic.length).toBeGreaterThan(100);
    expect(genetic.every(({ code }) => /^8[BCD]/.test(code))).toBe(true);
    expect(genetic.some(({ display }) => /推算GFR|クリアランス|ウイルス|結核|ピロリ/.test(display))).toBe(false);
    const humanGenes = concept.filter(({ display }) => /^(?:染色体検査|EGFR_|KRAS_|.*BCR-ABL)/.test(display));
    expect(genetic).toEqual(expect.arrayContaining(humanGenes));
  });

  it('are looked up, checked and searched in once they are loaded, by URL though their definition has an OID', async () => {
    const api = openApi();
    await stored(api, { ...read(), id: 'jlac10' });
    const looked = await call(api, 'GET', `/CodeSystem/$lookup?system=${URL}&code=8A065000002391901`);
    expect(looked.value('display'), looked.text).toMatch(/推算GFR/);
    const checked = await call(api, 'GET', `/CodeSystem/$validate-code?url=${URL}&code=0`);
    expect(checked.value('result')).toBe(false);

    const compose = { include: [{ system: 'urn:oid:1.2.392.200119.4.504' }] };
    await stored(api, { resourceType: 'ValueSet', id: 'all', url: 'http://x.example/vs', status: 'active', compose });
    const { body } = await api.send('GET', '/ValueSet/all/$expand?filter=ﾍﾓｸﾞﾛﾋﾞﾝ&count=5');
    expect(body.expansion).toMatchObject({ total: expect.any(Number) });
    expect((body.expansion as { contains: { display: string }[] }).contains[0]?.display).toContain('ヘモグロビン');
    const all = await api.send('GET', '/ValueSet/all/$expand');
    expect(all.body.issue?.[0]?.code).toBe('too-costly');
  });
});
