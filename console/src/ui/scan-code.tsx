// A code that is held out: read by the camera, from a photograph, by a hand-held scanner, which types it and ends with Enter, or
// by hand. No picture leaves the page, and none is kept.
import { Button, FileButton, Group, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { type QrReader, qrInFile, qrReader } from './read-qr.ts';

const useText = words({
  ja: {
    camera: 'カメラで読み取る',
    stop: 'カメラを止める',
    denied: 'カメラを使えません。番号を入力するか、写真から読み取ってください。',
    picture: 'カメラの映像',
    go: '確定',
    photo: '写真から読み取る',
    unread: '写真にQRコードが見つかりません。明るい所で、まっすぐに撮り直してください。',
  },
  en: {
    camera: 'Scan with the camera',
    stop: 'Stop the camera',
    denied: 'The camera cannot be used. Please type the number, or read it from a photo.',
    picture: 'Picture of the camera',
    go: 'OK',
    photo: 'Read from a photo',
    unread: 'No QR code was found in the photo. Take it again, straight and in good light.',
  },
});

export const canScan = (): boolean => typeof navigator.mediaDevices?.getUserMedia === 'function';

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
  const [unread, setUnread] = useState(false);
  // Without it the same picture chosen again, or one taken again under its name, is no change.
  const another = useRef<() => void>(null);
  const readPhoto = async (file: File | null) => {
    setUnread(false);
    if (!file) return;
    another.current?.();
    const code = await qrInFile(file).catch(() => undefined);
    if (code === undefined) setUnread(true);
    else onCode(code);
  };
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
            <Button
              variant="default"
              onClick={() => {
                setDenied(false);
                setWatching(!watching);
              }}
            >
              {watching ? t('stop') : t('camera')}
            </Button>
          )}
          <FileButton accept="image/*" resetRef={another} onChange={(file) => void readPhoto(file)}>
            {(props) => (
              <Button variant="default" {...props}>
                {t('photo')}
              </Button>
            )}
          </FileButton>
        </Group>
        {unread && (
          <Text size="sm" role="alert">
            {t('unread')}
          </Text>
        )}
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
    const target = video.current;
    if (!target) return;
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const look = async (read: QrReader) => {
      const found = await read(target).catch(() => undefined);
      if (gone) return;
      if (found) told.current.onCode(found);
      else timer = setTimeout(() => void look(read), LOOK_MS);
    };
    void (async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
        if (gone) return stream.getTracks().forEach((track) => void track.stop());
        target.srcObject = stream;
        await target.play();
        await look(await qrReader());
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
