// A QR code in a picture: by the browser where it can (BarcodeDetector), else by a library that is loaded when it is needed. What
// is seen stays in the page.
/** https://developer.mozilla.org/docs/Web/API/BarcodeDetector: not in TypeScript's library yet. */
interface Detector {
  detect(source: ImageBitmapSource): Promise<readonly { readonly rawValue: string }[]>;
}
type DetectorClass = (new (options: {
  formats: string[];
}) => Detector) & {
  getSupportedFormats?: () => Promise<string[]>;
};

export type QrReader = (source: HTMLVideoElement | ImageBitmap) => Promise<string | undefined>;

/** The class may be there without any format behind it (Chromium on Linux). */
const byBrowser = async (): Promise<QrReader | undefined> => {
  const Made = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  const formats = await Made?.getSupportedFormats?.().catch((): string[] => []);
  if (!Made || !formats?.includes('qr_code')) return undefined;
  const detector = new Made({ formats: ['qr_code'] });
  return async (source) => (await detector.detect(source))[0]?.rawValue;
};

/** Larger pictures hold no more of a code, and take long. */
const MOST = 1_000;

const byLibrary = async (): Promise<QrReader> => {
  const { default: read } = await import('jsqr');
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  return async (source) => {
    const [width, height] =
      source instanceof HTMLVideoElement ? [source.videoWidth, source.videoHeight] : [source.width, source.height];
    if (!pen || width === 0 || height === 0) return undefined;
    const scale = Math.min(1, MOST / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    pen.drawImage(source, 0, 0, canvas.width, canvas.height);
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    return read(data, canvas.width, canvas.height)?.data;
  };
};

export const qrReader = async (): Promise<QrReader> => (await byBrowser()) ?? byLibrary();

/** Of a photograph. */
export const qrInFile = async (file: Blob): Promise<string | undefined> => {
  const read = await qrReader();
  const picture = await createImageBitmap(file);
  try {
    return await read(picture);
  } finally {
    picture.close();
  }
};
