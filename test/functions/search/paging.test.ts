// Sorting, counting, pages and cursors: https://hl7.org/fhir/R4/search.html#sort, #count, #total; http.html#paging
import { describe, expect, it } from 'vitest';
import { given, NOW, reference, searching, store } from './support.ts';

const observation = (id: string, day: number | undefined, about: Record<string, unknown> = {}) =>
  given('Observation', id, {
    status: 'final',
    subject: { reference: 'Patient/p' },
    ...(day !== undefined && { effectiveDateTime: `2020-01-${String(day).padStart(2, '0')}T09:00:00+09:00` }),
    ...about,
  });
const ten = Array.from({ length: 10 }, (_, i) =>
  observation(`o${i}`, i + 1, { code: { coding: [{ code: i % 2 ? 'odd' : 'even' }] } }),
);
const ids = (found: readonly string[]) => found.map((each) => each.split('/')[1]);

describe('_sort', () => {
  it('orders ascending and, with a minus, descending', async () => {
    const { all } = await searching(ten);
    expect(ids(await all('Observation?patient=p&_sort=date'))).toEqual(ten.map(({ id }) => id));
    expect(ids(await all('Observation?patient=p&_sort=-date&_count=3'))).toEqual(ten.map(({ id }) => id).reverse());
  });
  it('takes several keys, each with its direction', async () => {
    const { all } = await searching(ten);
    expect(ids(await all('Observation?patient=p&_sort=code,-date&_count=4'))).toEqual([
      'o8',
      'o6',
      'o4',
      'o2',
      'o0',
      'o9',
      'o7',
      'o5',
      'o3',
      'o1',
    ]);
  });
  it('puts what has no value last', async () => {
    const { all } = await searching([...ten, observation('undated', undefined)]);
    expect(ids(await all('Observation?patient=p&_sort=date')).at(-1)).toBe('undated');
  });
  it('goes on after the last match although others came and went', async () => {
    const { page, resources } = await searching(ten);
    const first = await page('Observation?patient=p&_sort=date&_count=5');
    await store(resources, [observation('early', 2), observation('late', 20)]);
    const previous = (await resources.get('Observation', 'o4'))!;
    await resources.commit([{ kind: 'delete', previous, facility: previous.facility }], NOW);
    const second = await page(first.next!);
    expect(second.matches.map(({ id }) => id)).toEqual(['o5', 'o6', 'o7', 'o8', 'o9'].slice(0, 5));
    expect((await page(second.next!)).matches.map(({ id }) => id)).toEqual(['late']);
  });
});

describe('a page', () => {
  it('without _sort is newest first', async () => {
    const { all } = await searching(ten);
    expect(ids(await all('Observation?patient=p&_count=4'))).toEqual(ten.map(({ id }) => id).reverse());
  });
  it('has a next link while there is more, and none at the end', async () => {
    const { page } = await searching(ten);
    const first = await page('Observation?patient=p&_count=9');
    expect(first).toMatchObject({ matches: { length: 9 } });
    const last = await page(first.next!);
    expect(last.matches).toHaveLength(1);
    expect(last.next).toBeUndefined();
    expect((await page('Observation?patient=p&_count=10')).next).toBeUndefined();
  });
  it('neither loses nor repeats what did not change while others write', async () => {
    const { page, resources } = await searching(ten);
    const seen: string[] = [];
    let next: string | undefined = 'Observation?patient=p&_count=2';
    for (let i = 0; next; i++) {
      const answer: Awaited<ReturnType<typeof page>> = await page(next);
      seen.push(...answer.matches.map(({ id }) => id));
      next = answer.next;
      await store(resources, [observation(`new${i}`, 5 + i)]);
    }
    expect(seen.filter((id) => id.startsWith('o')).toSorted()).toEqual(ten.map(({ id }) => id!).toSorted());
  });
  it('ends before it would outgrow the answer', async () => {
    const large = [1, 2, 3].map((i) => observation(`l${i}`, i, { note: [{ text: 'x'.repeat(1_900_000) }] }));
    const { page, all } = await searching(large);
    expect((await page('Observation?patient=p')).matches).toHaveLength(2);
    expect(await all('Observation?patient=p')).toHaveLength(3);
    expect(await all('Observation?patient=p&_sort=date')).toHaveLength(3);
  });
  it('repeats no resource that is found by several of its names', async () => {
    const patient = given('Patient', 'p', {
      name: [{ family: 'Sato', given: ['Saori', 'Satsuki'], text: 'Saori Sato' }],
    });
    const { all } = await searching([patient]);
    expect(await all('Patient?name=sa')).toEqual(['Patient/p']);
    expect(await all('Patient?name=sato,saori,satsuki')).toEqual(['Patient/p']);
  });
  it('repeats no resource that belongs to several of the patients sought', async () => {
    const shared = given('Appointment', 'a', {
      participant: [{ actor: { reference: 'Patient/p' } }, { actor: { reference: 'Patient/q' } }],
    });
    const { all } = await searching([shared]);
    expect(await all('Appointment?actor=Patient/p,Patient/q')).toEqual(['Appointment/a']);
    expect(await all('Appointment?actor=Patient/q')).toEqual(['Appointment/a']);
    expect(await all('Patient/q/Appointment')).toEqual(['Appointment/a']);
  });
});

describe('Bundle.total', () => {
  it('is exact when all was read', async () => {
    const { page } = await searching(ten);
    expect((await page('Observation?patient=p')).total).toBe(10);
    expect((await page('Observation?patient=p&_count=3')).total).toBeUndefined();
    expect((await page('Observation?patient=p&_count=3&_sort=date')).total).toBe(10);
  });
  it('is exact on every page with _total=accurate, and absent with none', async () => {
    const { page } = await searching(ten);
    const first = await page('Observation?patient=p&_count=3&_total=accurate');
    expect(first.total).toBe(10);
    expect((await page(first.next!)).total).toBe(10);
    expect((await page('Observation?patient=p&_total=none')).total).toBeUndefined();
  });
  it('alone is answered for _summary=count and _count=0', async () => {
    const { page } = await searching(ten);
    for (const how of ['_summary=count', '_count=0'])
      expect(await page(`Observation?patient=p&code=odd&${how}`)).toMatchObject({
        total: 5,
        matches: [],
        countOnly: true,
      });
  });
  it('counts only what the caller may see', async () => {
    const { page } = await searching(ten);
    const permit = ({ id }: { id: string }) => id !== 'o3' && id !== 'o4';
    const answer = await page('Observation?patient=p&_total=accurate&_count=3', { permit });
    expect(answer.total).toBe(8);
    expect((await page('Observation?patient=p&_summary=count', { permit })).total).toBe(8);
    expect((await page('Observation?patient=p&_sort=date', { permit })).matches.map(reference)).not.toContain(
      'Observation/o3',
    );
  });
});

describe('_maxresults', () => {
  it('ends the pages after so many matches, whatever the total', async () => {
    for (const sort of ['', '&_sort=date', '&_sort=-date', '&code=odd,even']) {
      const { all, page } = await searching(ten);
      expect(await all(`Observation?patient=p&_count=3&_maxresults=7${sort}`), sort).toHaveLength(7);
      expect(await page(`Observation?patient=p&_maxresults=4&_total=accurate${sort}`)).toMatchObject({ total: 10 });
    }
  });
  it('above what there is changes nothing', async () => {
    const { all } = await searching(ten);
    expect(await all('Observation?patient=p&_count=3&_maxresults=70')).toHaveLength(10);
    await expect(all('Observation?patient=p&_maxresults=0')).rejects.toMatchObject({ refusal: 'invalid' });
  });
});

describe('a cursor', () => {
  const cursorOf = (url: string) => decodeURIComponent(url.split('_cursor=')[1]!);
  const start = async () => {
    const engine = await searching(ten);
    const first = await engine.page('Observation?patient=p&code=odd&_count=2');
    return { ...engine, next: first.next! };
  };

  it('shows nothing of the search that it holds', async () => {
    const { next } = await start();
    expect(next).toMatch(/^Observation\?_cursor=/);
    expect(next).not.toContain('odd');
    expect(Buffer.from(cursorOf(next), 'base64url').toString()).not.toContain('odd');
  });
  it('keeps the self link and the criteria of the first page', async () => {
    const { page, next } = await start();
    expect(await page(next)).toMatchObject({ self: 'Observation?patient=p&code=odd&_count=2', matches: { length: 2 } });
  });
  it('that was changed is refused', async () => {
    const { page, next } = await start();
    const token = cursorOf(next);
    for (const at of [0, 5, 20, token.length - 1]) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      await expect(page(`Observation?_cursor=${encodeURIComponent(changed)}`)).rejects.toMatchObject({
        refusal: 'invalid',
      });
    }
    await expect(page('Observation?_cursor=')).rejects.toMatchObject({ refusal: 'invalid' });
    await expect(page('Observation?_cursor=x')).rejects.toMatchObject({ refusal: 'invalid' });
  });
  it('is good for its caller and its path only', async () => {
    const { page, next } = await start();
    await expect(page(next, {}, { subject: 'someone-else' })).rejects.toMatchObject({ refusal: 'invalid' });
    await expect(page(next, {}, { facility: '3610000002' })).rejects.toMatchObject({ refusal: 'invalid' });
    await expect(page(next.replace('Observation?', 'Condition?'))).rejects.toMatchObject({ refusal: 'invalid' });
  });
  it('stands alone', async () => {
    const { page, next } = await start();
    await expect(page(`${next}&code=even`)).rejects.toMatchObject({ refusal: 'invalid' });
    await expect(page(`${next}&_format=json`)).resolves.toBeDefined();
  });
  it('expires', async () => {
    let now = NOW;
    const { page } = await searching(ten, () => now);
    const first = await page('Observation?patient=p&_count=2');
    now += 5 * 3600_000;
    await expect(page(first.next!)).rejects.toMatchObject({ refusal: 'invalid' });
  });
});
