// Documents of every kind are opened in place or offered for saving, and nothing that they hold is run.
import { expect, it } from 'vitest';
import { seriousFindings } from '../../support/browser.ts';
import type { Given } from '../given.ts';
import { cdaAround, fhirDocument, HOSTILE, PDFS, PNG, SHIFT_JIS } from './given-documents.ts';

const PATIENT = 'demo-resident-2';

export const documents = (given: Given): void => {
  it('opens documents of every kind, or offers them for saving, and runs nothing of theirs', async () => {
    const binary = await given.call<{ id: string }>('system:hospital', 'POST', '/fhir/Binary', {
      resourceType: 'Binary',
      contentType: 'application/pdf',
      securityContext: { reference: `Patient/${PATIENT}` },
      data: PDFS.plain.toString('base64'),
    });
    const inline = (contentType: string, bytes: Buffer | string) => ({
      contentType,
      data: Buffer.from(bytes).toString('base64'),
    });
    const files: Readonly<Record<string, object>> = {
      紹介状PDF: { contentType: 'application/pdf', url: `Binary/${binary.id}`, title: '紹介状' },
      動くPDF: inline('application/pdf', PDFS.onOpening),
      写真: inline('image/png', PNG),
      壊れた写真: inline('image/png', 'no picture'),
      心電図SVG: inline('image/svg+xml', HOSTILE.svg),
      紹介状CDA: inline('text/xml', HOSTILE.cda),
      画像のCDA: inline('application/xml', cdaAround('image/png', PNG)),
      経過HTML: inline('text/html', HOSTILE.html),
      FHIR文書: inline('application/fhir+json', JSON.stringify(fhirDocument)),
      古い文書: inline('text/plain; charset=Shift_JIS', SHIFT_JIS),
      走査画像: inline('image/tiff', 'II*'),
      断層画像: inline('application/dicom', 'DICM'),
      図面: inline('application/octet-stream', 'AC10'),
      他所の文書: { contentType: 'text/html', url: 'https://elsewhere.example/ran' },
    };
    await given.call('system:hospital', 'POST', '/fhir', {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: Object.entries(files).map(([description, attachment]) => ({
        resource: {
          resourceType: 'DocumentReference',
          status: 'current',
          description,
          subject: { reference: `Patient/${PATIENT}` },
          date: '2026-11-01T00:00:00Z',
          content: [{ attachment }],
        },
        request: { method: 'POST', url: 'DocumentReference' },
      })),
    });
    const seen = await given.open('staff:hospital-doctor', `/clinic/patients/${PATIENT}`);
    const { page } = seen;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.getByRole('tab', { name: /文書/ }).click();
    const dialog = page.getByRole('dialog');
    const opened = async (name: string) => {
      await page.getByRole('button', { name: `開く: ${name}`, exact: true }).click();
      await dialog.waitFor();
    };
    const closed = async () => {
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    };
    const drawn = (name: string) =>
      expect
        .poll(
          () => dialog.locator('img').evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
          {
            message: name,
            timeout: 240_000,
          },
        )
        .toBeGreaterThan(0);

    await opened('紹介状PDF');
    // Chromium without its viewer, as on a phone, has the words and the file.
    if (await page.evaluate('navigator.pdfViewerEnabled')) {
      expect(await dialog.locator('iframe').getAttribute('src')).toMatch(/^blob:/);
    } else await dialog.getByText('このブラウザーはPDFを表示できません。').waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), dialog.getByText('保存').last().click()]);
    expect(file.suggestedFilename()).toBe('紹介状.pdf');
    expect(await seriousFindings(page)).toEqual([]);
    await closed();

    await opened('動くPDF');
    await dialog.getByText('このPDFにはプログラムが含まれているか').waitFor();
    expect(await dialog.locator('iframe').count()).toBe(0);
    await dialog.getByRole('link', { name: '保存' }).waitFor();
    await closed();

    await opened('写真');
    await drawn('写真');
    await closed();
    await opened('壊れた写真');
    await dialog.getByText('画像を表示できません。').waitFor();
    await dialog.getByRole('link', { name: '保存' }).waitFor();
    await closed();

    await opened('心電図SVG');
    await drawn('心電図SVG');
    await closed();

    await opened('紹介状CDA');
    await dialog.getByRole('heading', { name: '主訴' }).waitFor();
    await dialog.getByText('胸痛 <img src=x').waitFor();
    expect(await dialog.locator('img, script, iframe').count()).toBe(0);
    await closed();
    await opened('画像のCDA');
    await drawn('画像のCDA');
    await closed();

    await opened('経過HTML');
    await dialog.getByText('経過良好').waitFor();
    expect(await dialog.locator('img, script, iframe').count()).toBe(0);
    await closed();

    await opened('FHIR文書');
    await dialog.getByText('退院後は安定').waitFor();
    await dialog.getByText('急性虫垂炎').waitFor();
    expect(await dialog.locator('img, script, iframe').count()).toBe(0);
    await closed();

    await opened('古い文書');
    await dialog.getByText('経過良好').waitFor();
    await closed();
    for (const [name, said] of [
      ['走査画像', 'TIFF（FAXやスキャナーの画像）は、ここでは表示できません。'],
      ['断層画像', 'DICOM画像は、ここでは表示できません。'],
      ['図面', 'この形式はここでは表示できません。'],
    ] as const) {
      await opened(name);
      await dialog.getByText(said).waitFor();
      await dialog.getByRole('link', { name: '保存' }).waitFor();
      await closed();
    }
    await opened('他所の文書');
    await dialog.getByText('この地域の外に保管されている').waitFor();
    await closed();

    expect(await page.evaluate('window.ran')).toBeUndefined();
    expect(asked.filter((url) => url.includes('ran'))).toEqual([]);
    expect(dialogs).toEqual([]);
    expect(seen.complaints).toEqual([]);
    await seen.context.close();
  });
};
