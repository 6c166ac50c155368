// A camera that sees a film: codes are read from it at the reception and by residents; without one they are typed or photographed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import qrcode from 'qrcode-generator';
import { expect, it } from 'vitest';
import { form } from '../../functions/enrolment/given.ts';
import { openBrowser, seriousFindings, visitAs } from '../../support/browser.ts';
import { type Given, go } from '../given.ts';

const ANOTHER = form({
  name: { kanji: { family: '架空', given: '太郎' }, kana: { family: 'カクウ', given: 'タロウ' } },
  birthDate: '1949-02-03',
  insurance: { insurer: '39360000', symbol: '', number: '07654321', branch: '00' },
});
const [WIDTH, HEIGHT] = [640, 480];

/** A film of one picture, as Chromium takes it for a camera (YUV4MPEG2, 4:2:0): a code on a grey desk. */
const filmOf = (text: string): Buffer => {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const count = code.getModuleCount();
  const cell = Math.floor((HEIGHT - 80) / (count + 8));
  const left = Math.floor((WIDTH - cell * count) / 2);
  const top = Math.floor((HEIGHT - cell * count) / 2);
  const light = Buffer.alloc(WIDTH * HEIGHT, 120);
  for (let y = 0; y < HEIGHT; y += 1)
    for (let x = 0; x < WIDTH; x += 1) {
      const [column, row] = [Math.floor((x - left) / cell), Math.floor((y - top) / cell)];
      if (column < -4 || row < -4 || column >= count + 4 || row >= count + 4) continue;
      const isInside = column >= 0 && row >= 0 && column < count && row < count;
      light[y * WIDTH + x] = isInside && code.isDark(row, column) ? 16 : 235;
    }
  const colour = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const frame = Buffer.concat([Buffer.from('FRAME\n'), light, colour]);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), frame, frame]);
};

export const camera = (given: Given): void => {
  it('reads the card at the reception and the code of a consent in the hand of a resident', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsumugi-film-'));
    const film = join(folder, 'film.y4m');
    const joined = await given.call<{ card: { qr: string } }>('staff:municipal', 'POST', '/enrolment/people', ANOTHER);
    writeFileSync(film, filmOf(joined.card.qr));
    const browser = await openBrowser({ camera: film });
    try {
      const reception = await visitAs(browser, given.stack.region(), 'staff:nurse');
      await reception.page.getByRole('button', { name: 'カメラで読み取る' }).click();
      // The card leads to the person, and the camera is off again.
      await reception.page.waitForURL(/#\/clinic\/patients\/./);
      expect(await reception.page.locator('video').count()).toBe(0);
      expect(reception.complaints.filter((one) => !one.includes('status of 40'))).toEqual([]);
      await reception.context.close();

      const { code } = await given.call<{ code: string }>(
        'staff:clinic-doctor',
        'POST',
        '/enrolment/consent-codes',
        {},
      );
      writeFileSync(film, filmOf(code));
      const resident = await visitAs(browser, given.stack.region(), 'resident:1', { width: 360, height: 740 });
      const { page } = resident;
      await go(page, '/resident/opt-in');
      await page.getByRole('button', { name: 'カメラで読み取る' }).click();
      await page.getByRole('button', { name: '同意して見せる' }).click();
      await page.getByText('見せる: デモ内科医院 / すべての記録').waitFor();
      await page.getByRole('button', { name: 'いま取り消す' }).click();
      await page.getByText('取り消しました。').waitFor();
      expect(resident.complaints).toEqual([]);
      await resident.context.close();
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('has words where no camera may be used, and takes a typed number or a photograph', async () => {
    const seen = await given.open('staff:nurse', '/clinic', { language: 'en' });
    const { page } = seen;
    await page.getByRole('button', { name: 'Scan with the camera' }).click();
    await page.getByText('The camera cannot be used. Please type the number, or read it from a photo.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    const photo = page.locator('input[type=file]');
    await photo.setInputFiles({ name: 'empty.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await page.getByText('No QR code was found in the photo.').waitFor();

    // A picture of a card, made by a page that shows one.
    const drawn = await seen.context.newPage();
    const code = qrcode(0, 'M');
    code.addData('000000000000');
    code.make();
    await drawn.setContent(code.createSvgTag({ cellSize: 6, margin: 24 }));
    const picture = await drawn.locator('svg').screenshot();
    await drawn.close();
    await photo.setInputFiles({ name: 'card.png', mimeType: 'image/png', buffer: picture });
    await page.getByText('There is no record for this card.').waitFor();
    await page.getByLabel(/^Resident card/).fill('123');
    await page.keyboard.press('Enter');
    await page.getByText('Not a card of this region, or a wrong number.').waitFor();
    expect(seen.complaints.filter((one) => !one.includes('status of 40'))).toEqual([]);
    await seen.context.close();
  });
};
