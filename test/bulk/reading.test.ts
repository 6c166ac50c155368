import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, rename, rewrite } from '../../functions/bulk/assign.ts';
import { derivedId } from '../../functions/bulk/derived-id.ts';
import { incoming } from '../../functions/bulk/incoming.ts';
import { lines, type Piece, roots } from '../../functions/bulk/scan-json.ts';
import { Spool } from '../../functions/bulk/spool.ts';
import { documents, files } from '../../infra/local/load/sources.ts';

const cut = (text: string, size: number): Uint8Array[] => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
};

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
};

const bundle = (entries: unknown[]) => ({ resourceType: 'Bundle', type: 'transaction', entry: entries });

describe('ids of what a file posts', () => {
  it('are the same for the same facility and fullUrl, and no others', () => {
    expect(derivedId('3610000001', 'urn:uuid:a')).toBe(derivedId('3610000001', 'urn:uuid:a'));
    expect(derivedId('3610000001', 'urn:uuid:a')).not.toBe(derivedId('3610000002', 'urn:uuid:a'));
    expect(derivedId('3610000001', 'urn:uuid:a')).not.toBe(derivedId('3610000001', 'urn:uuid:b'));
  });

  it('are legal FHIR ids that no server id looks like', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (facility, fullUrl) => {
        expect(derivedId(facility, fullUrl)).toMatch(/^u-[0-9a-v]{30}$/);
      }),
    );
  });
});

describe('cutting a file into pieces', () => {
  it('gives the entries of a Bundle one by one, wherever the chunks end', async () => {
    const text = JSON.stringify(
      bundle([{ fullUrl: 'a', resource: { resourceType: 'Patient', text: '"}]{[\\' } }, { resource: { x: '日本語' } }]),
      null,
      1,
    );
    for (let size = 1; size < 60; size++) {
      const pieces = await all(roots(cut(text, size)));
      expect(pieces.map((piece) => JSON.parse(piece.text))).toEqual(JSON.parse(text).entry);
      expect(pieces.every((piece) => piece.inBundle === 'transaction')).toBe(true);
    }
  });

  it('gives back any JSON roots, whatever is in their strings', async () => {
    const root = fc.dictionary(fc.string(), fc.jsonValue()).filter((value) => value.resourceType !== 'Bundle');
    await fc.assert(
      fc.asyncProperty(fc.array(root), fc.integer({ min: 1, max: 40 }), async (values, size) => {
        const text = values.map((value) => JSON.stringify(value)).join('\n');
        const pieces = await all(roots(cut(text, size)));
        expect(pieces.map((piece) => piece.text)).toEqual(values.map((value) => JSON.stringify(value)));
      }),
    );
  });

  it('keeps a document Bundle, and a List with its entries, in one piece', async () => {
    const document = JSON.stringify({ resourceType: 'Bundle', type: 'document', entry: [{ resource: {} }] });
    const list = JSON.stringify({ resourceType: 'List', entry: [{ item: {} }] });
    const pieces = await all(roots(cut(document + list, 7)));
    expect(pieces).toEqual([
      { text: document, inBundle: undefined },
      { text: list, inBundle: undefined },
    ]);
  });

  it('goes on after the entries of a Bundle, and past empty ones', async () => {
    const text = `${JSON.stringify(bundle([]))}\n${JSON.stringify({ ...bundle([{ a: 1 }]), link: [{ relation: 'x' }] })}{"b":2}`;
    const pieces = await all(roots(cut(text, 9)));
    expect(pieces.map((piece) => piece.text)).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('refuses a file that ends early, closes what was not open, or is not UTF-8', async () => {
    await expect(all(roots(cut('{"resourceType":"Bundle","entry":[{"a"', 5)))).rejects.toThrow(/middle/);
    await expect(all(roots(cut('{}}', 5)))).rejects.toThrow(/not JSON/);
    await expect(all(lines([Uint8Array.of(0x7b, 0xff, 0x7d)]))).rejects.toThrow();
  });

  it.each(['hello', '"a"', '{"a":1}x', ',', '12'])('refuses what stands outside of an object: %s', async (text) => {
    await expect(all(roots(cut(text, 2)))).rejects.toThrow(/not JSON/);
  });

  it('passes over the mark of UTF-8 and white space', async () => {
    const pieces = await all(roots(cut('\uFEFF\r\n {"a":1}\t\n', 1)));
    expect(pieces.map((piece) => piece.text)).toEqual(['{"a":1}']);
  });

  it('reads NDJSON by line, the last one with or without a line feed', async () => {
    const pieces = await all(lines(cut('{"a":1}\r\n\n{"a":"あ"}', 1)));
    expect(pieces.map(({ line }) => line)).toEqual([1, 3]);
    expect(pieces.map((piece) => JSON.parse(piece.text))).toEqual([{ a: 1 }, { a: 'あ' }]);
  });
});

describe('what an entry is sent as', () => {
  const parse = (text: string) => JSON.parse(text);
  const entry = (value: unknown): Piece => ({ text: JSON.stringify(value), inBundle: 'transaction' });
  const posted = (fullUrl: string, resource: object, ifNoneExist?: string) => {
    const type = (resource as { resourceType: string }).resourceType;
    return incoming(entry({ fullUrl, resource, request: { method: 'POST', url: type, ifNoneExist } }), parse)[0]!;
  };

  it('is a PUT to a derived id for a plain POST, and references follow', () => {
    const patient = posted('urn:uuid:p', { resourceType: 'Patient', id: 'old' });
    const observation = posted('urn:uuid:o', {
      resourceType: 'Observation',
      subject: { reference: 'urn:uuid:p' },
      identifier: [{ value: 'urn:uuid:p' }],
      performer: [{ reference: 'Practitioner?identifier=x|1' }],
    });
    const renames = new Map<string, string>();
    const assigned = [patient, observation].map((item) => {
      const to = assign('f', item);
      rename(renames, item, to);
      return to;
    });
    for (const { resource } of assigned) rewrite(resource, renames);

    const id = derivedId('f', 'urn:uuid:p');
    expect(assigned[0]).toMatchObject({ method: 'PUT', url: `Patient/${id}`, created: true, resource: { id } });
    expect(assigned[1]?.resource).toMatchObject({
      subject: { reference: `Patient/${id}` },
      identifier: [{ value: 'urn:uuid:p' }],
      performer: [{ reference: 'Practitioner?identifier=x|1' }],
    });
  });

  it('is left to the server for a conditional create, a PUT and a DELETE', () => {
    const conditional = posted('urn:uuid:c', { resourceType: 'Organization' }, 'identifier=1');
    expect(assign('f', conditional)).toMatchObject({
      method: 'POST',
      ifNoneExist: 'identifier=1',
      fullUrl: 'urn:uuid:c',
    });
    const put = {
      resource: { resourceType: 'Patient', id: 'a' },
      request: { method: 'PUT', url: 'Patient?identifier=1' },
    };
    expect(assign('f', incoming(entry(put), parse)[0]!)).toMatchObject({ method: 'PUT', url: 'Patient?identifier=1' });
  });

  it('is a PUT for a resource that stands by itself with an id; without one its text names it', () => {
    const withId: Piece = { text: '{"resourceType":"Patient","id":"p1"}', inBundle: undefined };
    expect(assign('f', incoming(withId, parse)[0]!)).toMatchObject({
      method: 'PUT',
      url: 'Patient/p1',
      created: false,
    });
    const without: Piece = { text: '{"resourceType":"Patient","active":true}', inBundle: undefined };
    const [first, second] = [without, without].map((piece) => assign('f', incoming(piece, parse)[0]!));
    expect(first?.url).toMatch(/^Patient\/u-/);
    expect(second?.url).toBe(first?.url);
  });

  it('follows relative references when an absolute fullUrl was posted', () => {
    const patient = posted('http://old.example/fhir/Patient/7', { resourceType: 'Patient', id: '7' });
    const renames = new Map<string, string>();
    rename(renames, patient, assign('f', patient));
    const observation = { resourceType: 'Observation', subject: { reference: 'Patient/7' } };
    rewrite(observation, renames);
    expect(observation.subject.reference).toBe(`Patient/${derivedId('f', 'http://old.example/fhir/Patient/7')}`);
  });

  it('is refused by rule, not by content, when it holds no resource', () => {
    expect(() => incoming({ text: '{"a":1}', inBundle: undefined }, parse)).toThrow('an entry holds no resource');
    expect(() => incoming({ text: 'Tanaka', inBundle: undefined }, parse)).toThrow('a line or entry is not JSON');
  });
});

describe('sorting by patient', () => {
  it('gives each patient its lines in order, in memory or through files', async () => {
    for (const limit of [1 << 20, 50]) {
      const spool = await Spool.open(limit);
      for (let i = 0; i < 30; i++) await spool.add(`Patient/${i % 3}`, `line ${i}`);
      expect(spool.keys()).toEqual(['Patient/0', 'Patient/1', 'Patient/2']);
      expect(await spool.take('Patient/1')).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i * 3 + 1}`));
      expect(await spool.take('Patient/1')).toEqual([]);
      await spool.close();
    }
  });
});

describe('files on the command line', () => {
  /** A ustar archive of our own making. */
  const tar = (contents: Record<string, string>): Buffer => {
    const blocks: Buffer[] = [];
    for (const [name, text] of Object.entries(contents)) {
      const bytes = Buffer.from(text);
      const header = Buffer.alloc(512);
      header.write(name, 0);
      header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
      header.write('0', 156);
      header.write('ustar\0', 257);
      blocks.push(header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
    }
    return Buffer.concat([...blocks, Buffer.alloc(1024)]);
  };

  it('are read plain, gzipped, from folders and from tar.gz with many members', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sources-'));
    await writeFile(join(folder, 'a.json'), '{"a":1}');
    await writeFile(join(folder, 'b.ndjson.gz'), gzipSync('{"b":1}\n{"b":2}\n'));
    await writeFile(join(folder, 'notes.txt'), 'passed over');
    await writeFile(
      join(folder, 'c.tar.gz'),
      gzipSync(tar({ 'x/Patient.ndjson': '{"c":1}\n', 'x/readme': 'no', 'x/d.json': `{"d":"${'x'.repeat(2000)}"}` })),
    );
    const found: [string, string, number][] = [];
    for (const { path } of await files([folder])) {
      for await (const document of documents(path)) {
        const bytes = Buffer.concat(await all(document.body));
        found.push([document.name.slice(folder.length + 1), document.kind, bytes.length]);
      }
    }
    expect(found).toEqual([
      ['a.json', 'json', 7],
      ['b.ndjson.gz', 'ndjson', 16],
      ['c.tar.gz!x/Patient.ndjson', 'ndjson', 8],
      ['c.tar.gz!x/d.json', 'json', 2008],
    ]);
    await expect(files([join(folder, 'notes.txt')])).rejects.toThrow(/not a \.json/);
    await expect(files([join(folder, 'absent.json')])).rejects.toThrow(/no such file/);
    await rm(folder, { recursive: true });
  });
});
