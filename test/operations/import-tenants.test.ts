import { beforeEach, expect, it } from 'vitest';
import { importTenants } from '../../infra/operations/import-tenants.ts';
import { type Desk, HOSPITAL, openDesk } from '../functions/tenants/desk.ts';

const FACILITIES = `code,type,name,municipality,disclose,view,fee_class\n${HOSPITAL},hospital,阿波中央病院,36201,yes,yes,a\n`;
const staffOf = (count: number) =>
  ['ユーザー名,メールアドレス,姓,名,職種,免許番号,役割,施設コード']
    .concat(
      Array.from(
        { length: count },
        (_, i) => `nurse${i},nurse${i}@staff.example,柚子,葉${i},nurse,${i},nurse,${HOSPITAL}`,
      ),
    )
    .join('\r\n');

let desk: Desk;
let said: string[];
beforeEach(async () => {
  desk = await openDesk();
  said = [];
});

/** The desk in the place of the network. */
const toDesk = (async (url: string, init: { body: string }) => {
  const { status, body } = await desk.send('POST', new URL(url).pathname, Buffer.from(init.body));
  return new Response(JSON.stringify(body), { status: status ?? 500 });
}) as unknown as typeof fetch;

const run = (facilities: string | undefined, staff: string | undefined, online = true) =>
  importTenants({
    facilities: facilities === undefined ? undefined : Buffer.from(facilities),
    staff: staff === undefined ? undefined : Buffer.from(staff),
    ...(online && { api: 'https://api.example', token: 't', fetch: toDesk }),
    say: (line) => void said.push(line),
  });

it('sends more lines than one request takes, and changes nothing the second time', async () => {
  expect(await run(FACILITIES, staffOf(130))).toBe(0);
  expect(said).toContain('staff: 130 written, 0 as they were');
  expect((await desk.send('GET', `/admin/staff?facility=${HOSPITAL}`)).body.staff).toHaveLength(130);

  expect(await run(FACILITIES, staffOf(130))).toBe(0);
  expect(said.slice(-2)).toEqual(['facilities: 0 written, 1 as they were', 'staff: 0 written, 130 as they were']);
});

it('offline tells every fault by line and column, and asks nobody', async () => {
  const faults = await run(FACILITIES, `${staffOf(1)}\r\nx y,nobody,=1+1,b,nurse,1,nurse,${HOSPITAL}`, false);

  expect(faults).toBeGreaterThan(0);
  expect(said.join('\n')).toContain('staff line 3, family: must not begin as a formula does');
  expect(said.join('\n')).not.toMatch(/nobody|1\+1/);
  expect((await desk.send('GET', '/admin/facilities')).body.facilities).toEqual([]);
});

it('names the line of the file when the region refuses one of a later part', async () => {
  await run(FACILITIES, undefined);

  const faults = await run(
    undefined,
    `${staffOf(120)}\r\npharma,p@staff.example,柚子,葉,pharmacist,9,ambulance,${HOSPITAL}`,
  );

  expect(faults).toBe(1);
  expect(said.join('\n')).toContain('staff line 122, role: must be one of');
});
