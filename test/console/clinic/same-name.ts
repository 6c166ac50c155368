// Two people of one name: the banner of either says so, and that of somebody whom two facilities know does not.
import { expect, it } from 'vitest';
import { type Given, go } from '../given.ts';

export const sameName = (given: Given): void => {
  it('warns in the banner of somebody else of the same name, in whichever kana, and of nobody’s own other record', async () => {
    const register = async (system: string, kana: readonly [string, string], birthDate: string): Promise<string> => {
      const [family, first] = kana;
      const { id } = await given.call<{ id: string }>(system, 'POST', '/fhir/Patient', {
        resourceType: 'Patient',
        name: [{ family, given: [first] }],
        birthDate,
      });
      return id;
    };
    const one = await register('system:hospital', ['ドウメイ', 'アキ'], '1950-01-01');
    const other = await register('system:clinic', ['どうめい', 'あき'], '1980-02-02');
    const own = await register('system:hospital', ['ヒトリ', 'ナオ'], '1960-03-03');
    const again = await register('system:clinic', ['ヒトリ', 'ナオ'], '1960-03-04');
    await given.call('staff:municipal', 'POST', '/identity/links', { patients: [own, again], reason: '同じ人' });

    const { page, context, complaints } = await given.open('staff:hospital-doctor', `/clinic/patients/${one}`);
    const warning = page.getByText(/同姓同名の人がいます/);
    await page.getByRole('heading', { name: 'ドウメイ アキ' }).waitFor();
    await warning.waitFor();
    const asked = page.waitForResponse((answer) => answer.url().endsWith('/Patient/_search'));
    await go(page, `/clinic/patients/${own}`);
    await page.getByRole('heading', { name: 'ヒトリ ナオ' }).waitFor();
    await (await asked).finished();
    await page.getByText(/件の記録/).waitFor();
    expect(await warning.count()).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();

    // To know the number is not to look at anybody.
    const trail = await given.call<object>('staff:privacy', 'GET', `/fhir/AuditEvent?patient=${other}`);
    expect(JSON.stringify(trail)).not.toContain('doctor');
  });
};
