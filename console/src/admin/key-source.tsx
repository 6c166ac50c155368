// Where a system's public key comes from: made here, pasted, or published at an address.
import { Alert, Button, Group, SegmentedControl, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { words } from '../i18n/i18n.ts';
import { saveFile } from '../ui/save-file.ts';
import { type KeyPair, newKeyPair } from './client-key.ts';

const useText = words({
  ja: {
    source: '公開鍵の登録方法',
    make: 'ここで作る',
    paste: '貼り付ける',
    url: 'URLで公開',
    makeHow: 'このブラウザーで鍵を作ります。秘密鍵はどこにも送られません。ファイルに保存できるのは一度だけです。',
    makeButton: '鍵を作る',
    made: '鍵を作りました。秘密鍵を保存すると登録できます。',
    save: '秘密鍵を保存する',
    saved: '秘密鍵を保存しました。安全な方法でシステムに渡し、このパソコンからは消してください。',
    kid: '鍵の名前（kid）',
    jwk: '公開鍵（JWKまたはJWKS）',
    jwkHint: 'RSA 2048ビット以上（RS384）またはP-384（ES384）。秘密鍵を含むものは受け付けません。',
    jwkFault: 'JSONとして読めません。',
    jwksUrl: 'JWKSのURL',
    jwksUrlHint: 'https、公開されたホスト名、ポート443',
  },
  en: {
    source: 'Where the public key comes from',
    make: 'Made here',
    paste: 'Pasted',
    url: 'Published',
    makeHow: 'The key is made in this browser; its private part is sent nowhere. You can save it once.',
    makeButton: 'Make a key',
    made: 'The key is made. Save the private part, then it can be registered.',
    save: 'Save the private key',
    saved: 'Saved. Hand it to the system by a safe way and remove it from this computer.',
    kid: 'Name of the key (kid)',
    jwk: 'Public key (JWK or JWKS)',
    jwkHint: 'RSA of 2,048 bits and more (RS384) or P-384 (ES384). A key with its private part is refused.',
    jwkFault: 'This is not JSON.',
    jwksUrl: 'Address of the JWKS',
    jwksUrlHint: 'https, a public host by name, port 443',
  },
});

export type KeySource = 'make' | 'paste' | 'url';

/** What is to be registered; undefined while something is missing. */
export type GivenKeys = { readonly keys: readonly object[] } | { readonly jwksUrl: string } | undefined;

export const KeySourceField = ({
  onGiven,
  fileName,
  sources = ['make', 'paste', 'url'],
  fault,
}: {
  readonly onGiven: (given: GivenKeys) => void;
  /** Of the private key. */
  readonly fileName: string;
  readonly sources?: readonly KeySource[];
  readonly fault?: string | undefined;
}): ReactNode => {
  const t = useText();
  const [source, setSource] = useState<KeySource>(sources[0] ?? 'make');
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        {t('source')}
      </Text>
      <SegmentedControl
        aria-label={t('source')}
        value={source}
        onChange={(next) => {
          setSource(next as KeySource);
          onGiven(undefined);
        }}
        data={sources.map((value) => ({ value, label: t(value) }))}
        w="fit-content"
      />
      {source === 'make' && <Made onGiven={onGiven} fileName={fileName} />}
      {source === 'paste' && <Pasted onGiven={onGiven} fault={fault} />}
      {source === 'url' && (
        <TextInput
          label={t('jwksUrl')}
          description={t('jwksUrlHint')}
          error={fault}
          type="url"
          onChange={({ currentTarget: { value } }) => onGiven(value === '' ? undefined : { jwksUrl: value })}
        />
      )}
    </Stack>
  );
};

const Made = ({
  onGiven,
  fileName,
}: {
  readonly onGiven: (given: GivenKeys) => void;
  readonly fileName: string;
}): ReactNode => {
  const t = useText();
  const [pair, setPair] = useState<KeyPair>();
  const [isSaved, setSaved] = useState(false);
  const make = async () => {
    setSaved(false);
    onGiven(undefined);
    setPair(await newKeyPair());
  };
  const save = ({ publicJwk, privateJwk }: KeyPair) => {
    saveFile(fileName, `${JSON.stringify(privateJwk, null, 2)}\n`, 'application/json');
    setSaved(true);
    // Nobody can save it again, not even from the memory of this page.
    setPair({ publicJwk, privateJwk: {} });
    onGiven({ keys: [publicJwk] });
  };
  return (
    <Stack gap="xs">
      <Alert color="blue">{t('makeHow')}</Alert>
      <Group>
        <Button variant="default" onClick={() => void make()}>
          {t('makeButton')}
        </Button>
        {pair && !isSaved && <Button onClick={() => save(pair)}>{t('save')}</Button>}
      </Group>
      <div aria-live="polite">
        {pair && (
          <>
            <Text size="sm">{t(isSaved ? 'saved' : 'made')}</Text>
            <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
              {t('kid')}: {String(pair.publicJwk['kid'])}
            </Text>
          </>
        )}
      </div>
    </Stack>
  );
};

const Pasted = ({
  onGiven,
  fault,
}: {
  readonly onGiven: (given: GivenKeys) => void;
  readonly fault?: string | undefined;
}): ReactNode => {
  const t = useText();
  const [text, setText] = useState('');
  const keys = keysIn(text);
  return (
    <Textarea
      label={t('jwk')}
      description={t('jwkHint')}
      error={fault ?? (text !== '' && !keys ? t('jwkFault') : undefined)}
      rows={6}
      value={text}
      spellCheck={false}
      onChange={({ currentTarget: { value } }) => {
        setText(value);
        const found = keysIn(value);
        onGiven(found && { keys: found });
      }}
    />
  );
};

const keysIn = (text: string): readonly object[] | undefined => {
  try {
    const value = JSON.parse(text) as { keys?: readonly object[] } | null;
    if (value === null || typeof value !== 'object') return undefined;
    return Array.isArray(value.keys) ? value.keys : [value];
  } catch {
    return undefined;
  }
};
