// What a resident does, in English.
import { expect, it } from 'vitest';
import { type Given, go } from '../given.ts';

const PHONE = { width: 360, height: 740 };

export const english = (given: Given): void => {
  it('is the same in English: a number is doubted, a kind stopped at one facility and resumed, the record taken along', async () => {
    const other = await given.open('resident:2', '/resident/measurements', { language: 'en', ...PHONE });
    const { page: english } = other;
    await english.getByRole('button', { name: 'Temperature' }).click();
    const degrees = english.getByLabel('Temperature (℃)');
    await degrees.fill('366');
    await english.getByRole('button', { name: 'Save', exact: true }).click();
    await english.getByText(/Please enter a number from \d+ to \d+\./).waitFor();
    await degrees.fill('39.5');
    await english.getByRole('button', { name: 'Save', exact: true }).click();
    await english.getByRole('alertdialog', { name: 'Is this number right?' }).waitFor();
    await english.getByRole('button', { name: 'Change it' }).click();
    await degrees.fill('36.5');
    await english.getByRole('button', { name: 'Save', exact: true }).click();
    await english.getByText('36.5 ℃').waitFor();

    await go(english, '/resident/consents');
    await english.getByText('Kinds of data').first().or(english.locator('summary').first()).first().waitFor();
    await english.locator('summary').first().click();
    const kind = english.getByRole('list').first().getByRole('switch').nth(2);
    const isOn = () => kind.isChecked();
    const before = await isOn();
    await kind.press('Space');
    await expect.poll(isOn, { timeout: 240_000 }).toBe(!before);
    await kind.press('Space');
    await expect.poll(isOn, { timeout: 240_000 }).toBe(before);

    await go(english, '/resident/download');
    const [file] = await Promise.all([
      english.waitForEvent('download'),
      english.getByRole('button', { name: /IPS/ }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^ips-/);
    expect(other.complaints).toEqual([]);
    await other.context.close();
  });
};
