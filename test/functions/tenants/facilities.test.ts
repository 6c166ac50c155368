import { beforeEach, describe, expect, it } from 'vitest';
import { validate } from '../../../functions/fhir/validate.ts';
import { admin, type Desk, given, HOSPITAL, OFFICE, openDesk } from './desk.ts';

let desk: Desk;
beforeEach(async () => {
  desk = await openDesk();
});

const organization = async (id: string) => (await desk.resources.get('Organization', id))?.resource();

describe('a facility', () => {
  it('is brought in with its code, contract and fee class, and mirrored as an Organization', async () => {
    const got = await desk.send('POST', '/admin/facilities', given.facility());

    expect(got).toMatchObject({
      status: 201,
      body: { code: HOSPITAL, type: 'hospital', disabled: false, municipality: '36201', feeClass: 'hospital-a' },
    });
    expect(await desk.identities.facility(HOSPITAL)).toEqual({
      code: HOSPITAL,
      type: 'hospital',
      name: '阿波中央病院',
      disabled: false,
      organization: got.body.organization,
    });
    const mirrored = await organization(got.body.organization);
    expect(mirrored).toMatchObject({ active: true, name: '阿波中央病院', identifier: [{ value: HOSPITAL }] });
    expect(validate(mirrored!, { type: 'Organization' }).filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('is refused with each fault at its element, and never its value', async () => {
    const got = await desk.send(
      'POST',
      '/admin/facilities',
      given.facility({ code: '3610000015', municipality: '362019' }),
    );

    expect(got.status).toBe(400);
    expect(got.body.issue.map(({ expression }: { expression: string[] }) => expression[0])).toEqual([
      'code',
      'municipality',
    ]);
    expect(JSON.stringify([got.body, desk.logged])).not.toMatch(/3610000015|362019/);
  });

  it('is there once', async () => {
    await desk.send('POST', '/admin/facilities', given.facility());

    expect((await desk.send('POST', '/admin/facilities', given.facility())).status).toBe(409);
  });

  it('is listed, read and changed; its Organization follows', async () => {
    const { body } = await desk.send('POST', '/admin/facilities', given.facility());
    await desk.send('POST', '/admin/facilities', given.pharmacy());

    const changed = await desk.send('PATCH', `/admin/facilities/${HOSPITAL}`, {
      name: '阿波総合病院',
      contract: { disclose: true, view: false },
    });

    expect(changed).toMatchObject({
      status: 200,
      body: { name: '阿波総合病院', contract: { view: false }, feeClass: 'hospital-a' },
    });
    expect((await desk.send('GET', '/admin/facilities')).body.facilities).toHaveLength(2);
    expect((await desk.send('GET', `/admin/facilities/${HOSPITAL}`)).body.name).toBe('阿波総合病院');
    expect(await organization(body.organization)).toMatchObject({ name: '阿波総合病院' });
  });

  it('is disabled: nobody of it is let in, and its Organization is inactive', async () => {
    const { body } = await desk.send('POST', '/admin/facilities', given.facility());

    await desk.send('PATCH', `/admin/facilities/${HOSPITAL}`, { disabled: true });

    expect(await desk.identities.facility(HOSPITAL)).toMatchObject({ disabled: true });
    expect(await organization(body.organization)).toMatchObject({ active: false });
  });

  it('keeps its code and type: rights hang on them', async () => {
    await desk.send('POST', '/admin/facilities', given.facility());

    expect((await desk.send('PATCH', `/admin/facilities/${HOSPITAL}`, { type: 'clinic' })).status).toBe(400);
  });

  it('is never the own office that an administrator locks out', async () => {
    await desk.send('POST', '/admin/facilities', given.facility({ code: OFFICE, type: 'operator' }));

    expect((await desk.send('PATCH', `/admin/facilities/${OFFICE}`, { disabled: true })).status).toBe(422);
  });

  it('of two administrators who change it at once only one does', async () => {
    await desk.send('POST', '/admin/facilities', given.facility());
    const change = (name: string) => desk.send('PATCH', `/admin/facilities/${HOSPITAL}`, { name });

    const both = await Promise.all([change('甲'), change('乙')]);

    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});

it('every action is in the audit trail, with the administrator and the facility', async () => {
  await desk.send('POST', '/admin/facilities', given.facility());

  expect(desk.recorded.at(-1)).toMatchObject({
    interaction: 'facility-create',
    actor: admin.subject,
    role: 'admin',
    outcome: '0',
    patientKey: undefined,
  });
  expect(desk.recorded.at(-1)?.entities).toContain(`facility/${HOSPITAL}`);
});

it.each(['doctor', 'operator', 'privacy', 'municipal', 'system', 'resident'] as const)(
  'a %s changes nothing',
  async (role) => {
    const got = await desk.send('POST', '/admin/facilities', given.facility(), { ...admin, role });

    expect(got.status).toBe(403);
    expect(await desk.identities.facility(HOSPITAL)).toBeUndefined();
  },
);
