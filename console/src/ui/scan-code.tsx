// A code that is held out: read by the camera where the browser can (BarcodeDetector), by a hand-held scanner, which types it
// and ends with Enter, or by hand. No picture leaves the page, and none is kept.
import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { words } from '../i18n/i18n.ts';

const useText = words({
  ja: {
    camera: 'カメラで読み取る',
    stop: 'カメラを止める',
    denied: 'カメラを使えません。番号を入力してください。',
    picture: 'カメラの映像',
    go: '確定',
  },
  en: {
    camera: 'Scan with the camera',
    stop: 'Stop the camera',
    denied: 'The camera cannot be used. Please type the number.',
    picture: 'Picture of the camera',
    go: 'OK',
  },
});

/** https://developer.mozilla.org/docs/Web/API/BarcodeDetector: not in TypeScript's library yet. */
interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
type DetectorClass = new (options: { formats: string[] }) => Detector;

const detectorClass = (): DetectorClass | undefined =>
  (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;

export const canScan = (): boolean =>
  detectorClass() !== undefined && typeof navigator.mediaDevices?.getUserMedia === 'function';

export const ScanCode = ({
  label,
  hint,
  onCode,
  busy = false,
  error,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly onCode: (code: string) => void;
  readonly busy?: boolean;
  /** What the server said of the last code. */
  readonly error?: string | undefined;
}): ReactNode => {
  const t = useText();
  const [typed, setTyped] = useState('');
  const [watching, setWatching] = useState(false);
  const [denied, setDenied] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const code = typed.trim();
    if (code === '') return;
    setTyped('');
    onCode(code);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <Group align="flex-end" gap="xs">
          <TextInput
            label={label}
            {...(hint !== undefined && { description: hint })}
            {...(error !== undefined && { error })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            style={{ flex: '1 1 14rem' }}
          />
          <Button type="submit" loading={busy} disabled={typed.trim() === ''}>
            {t('go')}
          </Button>
          {canScan() && (
            <Button variant="default" onClick={() => setWatching(!watching)}>
              {watching ? t('stop') : t('camera')}
            </Button>
          )}
        </Group>
        {denied && (
          <Text size="sm" role="alert">
            {t('denied')}
          </Text>
        )}
        {watching && (
          <Camera
            label={t('picture')}
            onCode={(code) => {
              setWatching(false);
              onCode(code);
            }}
            onDenied={() => {
              setWatching(false);
              setDenied(true);
            }}
          />
        )}
      </Stack>
    </form>
  );
};

const LOOK_MS = 200;

const Camera = ({
  label,
  onCode,
  onDenied,
}: {
  readonly label: string;
  readonly onCode: (code: string) => void;
  readonly onDenied: () => void;
}): ReactNode => {
  const video = useRef<HTMLVideoElement>(null);
  const told = useRef({ onCode, onDenied });
  told.current = { onCode, onDenied };
  useEffect(() => {
    const Made = detectorClass();
    const target = video.current;
    if (!Made || !target) return;
    const detector = new Made({ formats: ['qr_code'] });
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const look = async () => {
      const [found] = await detector.detect(target).catch(() => []);
      if (gone) return;
      if (found) told.current.onCode(found.rawValue);
      else timer = setTimeout(() => void look(), LOOK_MS);
    };
    void (async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
        if (gone) return stream.getTracks().forEach((track) => void track.stop());
        target.srcObject = stream;
        await target.play();
        await look();
      } catch {
        if (!gone) told.current.onDenied();
      }
    })();
    return () => {
      gone = true;
      clearTimeout(timer);
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  return <video ref={video} aria-label={label} muted playsInline style={{ width: '100%', maxWidth: '24rem' }} />;
};
