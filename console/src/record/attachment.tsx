// One attachment, opened in place: pictures and texts here, PDF in the browser's own viewer, anything else to be saved. Nothing of it
// is ever run: a picture is drawn (SVG as well, whose scripts a picture has not), markup is read as text, a PDF with scripts is saved.
import { Alert, Button, Code, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Api } from '../api/client.ts';
import { words } from '../i18n/i18n.ts';
import { useApi } from '../ui/context.ts';
import { Failure, Loading } from '../ui/states.tsx';
import { cdaBody, cdaSections } from './cda.ts';
import { decoded } from './decoded.ts';
import { mayRunScripts } from './pdf-scripts.ts';
import styles from './record.module.css';
import { fhirDocument, narrative, Sections } from './sections.tsx';

const useText = words({
  ja: {
    download: '保存',
    unknown: 'この形式はここでは表示できません。保存して、対応するソフトで開いてください。',
    tiff: 'TIFF（FAXやスキャナーの画像）は、ここでは表示できません。保存して、画像ソフトで開いてください。',
    dicom: 'DICOM画像は、ここでは表示できません。保存して、DICOMビューアーで開いてください。',
    viewer: 'このブラウザーはPDFを表示できません。保存して開いてください。',
    scripts:
      'このPDFにはプログラムが含まれているか、確かめられないため、ここでは開きません。保存して開くこともできます。',
    damaged: '画像を表示できません。壊れているか、対応していない形式です。',
    elsewhere: '本文はこの地域の外に保管されているため、ここでは開けません。',
  },
  en: {
    download: 'Save',
    unknown: 'This format cannot be shown here. Save it, and open it with software for it.',
    tiff: 'TIFF (a fax or scan) cannot be shown here. Save it, and open it with a picture viewer.',
    dicom: 'DICOM images cannot be shown here. Save it, and open it with a DICOM viewer.',
    viewer: 'This browser does not show PDF. Save it, then open it.',
    scripts: 'This PDF holds a program, or it cannot be told whether it does, and is not opened here. You can save it.',
    damaged: 'The picture cannot be shown. It is damaged, or of a format that is not supported.',
    elsewhere: 'What it says is kept outside of this region and cannot be opened here.',
  },
});

export interface Attachment {
  readonly contentType?: string;
  readonly data?: string;
  readonly url?: string;
  readonly title?: string;
}

/** Undefined: it is kept somewhere that we do not ask. */
const bytesOf = async (
  api: Api,
  { data, url }: Attachment,
  binary: (id: string) => string,
): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  const id = data === undefined ? /(?:^|\/)Binary\/([A-Za-z0-9.-]{1,64})$/.exec(url ?? '')?.[1] : undefined;
  if (data === undefined && id === undefined) return undefined;
  const content = id === undefined ? data : (await api.ask<{ data?: string }>(binary(id))).value.data;
  return Uint8Array.from(atob(content ?? ''), (char) => char.charCodeAt(0));
};

type Shown = 'picture' | 'pdf' | 'text' | 'viewer' | 'scripts' | 'tiff' | 'dicom' | 'unknown';

const isText = (type: string) => /^text\/|xml$|json$/.test(type) || type === '';

const shownAs = async (type: string, blob: Blob): Promise<Shown> => {
  if (/^image\/(png|jpe?g|gif|webp|bmp|svg\+xml)$/.test(type)) return 'picture';
  if (type === 'image/tiff' || type === 'image/tif') return 'tiff';
  if (type === 'application/dicom') return 'dicom';
  if (type !== 'application/pdf') return isText(type) ? 'text' : 'unknown';
  if (await mayRunScripts(blob)) return 'scripts';
  return navigator.pdfViewerEnabled ? 'pdf' : 'viewer';
};

const ENDINGS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'image/jpeg': 'jpg',
  'image/svg+xml': 'svg',
  'text/plain': 'txt',
  'application/dicom': 'dcm',
  // Read as text here, and no page of a browser where it is saved.
  'text/html': 'txt',
};

const fileName = ({ title = 'document' }: Attachment, type: string): string => {
  const ending = ENDINGS[type] ?? /[/+](png|gif|webp|bmp|xml|json|csv|tiff?)$/.exec(type)?.[1];
  return ending === undefined || /\.[A-Za-z0-9]{2,5}$/.test(title) ? title : `${title}.${ending}`;
};

export const AttachmentView = ({
  attachment,
  name,
  binary,
}: {
  readonly attachment: Attachment;
  readonly name: string;
  /** Where a Binary is read. */
  readonly binary: (id: string) => string;
}): ReactNode => {
  const t = useText();
  const api = useApi();
  const contentType = attachment.contentType ?? '';
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['attachment', name],
    queryFn: async () => {
      const bytes = await bytesOf(api, attachment, binary);
      if (!bytes) return { shown: 'elsewhere' as const };
      const blob = new Blob([bytes], { type });
      const shown = await shownAs(type, blob);
      return { shown, blob, text: shown === 'text' ? decoded(bytes, contentType) : '' };
    },
    gcTime: 60_000,
  });
  const blob = data?.blob;
  const url = useObjectUrl(blob);
  // Opened in a tab of its own it is saved too, and never a page of this origin.
  const saved = useObjectUrl(useMemo(() => blob && new Blob([blob], { type: 'application/octet-stream' }), [blob]));
  const [damaged, setDamaged] = useState(false);
  if (isPending) return <Loading />;
  if (error || !data) return <Failure error={error} retry={() => void refetch()} />;
  const { shown } = data;
  if (shown === 'elsewhere') return <Alert>{t('elsewhere')}</Alert>;
  if (!url || !saved) return <Loading />;
  const title = attachment.title ?? '';
  return (
    <Stack gap="xs">
      {shown === 'picture' &&
        (damaged ? (
          <Alert role="status">{t('damaged')}</Alert>
        ) : (
          <img src={url} alt={title} className={styles.picture} onError={() => setDamaged(true)} />
        ))}
      {shown === 'pdf' && <iframe src={url} title={title || 'PDF'} className={styles.pdf} />}
      {shown === 'text' && <TextView text={data.text} type={type} name={name} binary={binary} />}
      {shown !== 'picture' && shown !== 'pdf' && shown !== 'text' && <Alert role="status">{t(shown)}</Alert>}
      <Group>
        <Button component="a" href={saved} download={fileName(attachment, type)} size="compact-sm" variant="default">
          {t('download')}
        </Button>
      </Group>
    </Stack>
  );
};

/** Made when it is shown and given back with the page: https://w3c.github.io/FileAPI/#creating-revoking */
const useObjectUrl = (blob: Blob | undefined): string | undefined => {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!blob) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
};

const xmlOf = (text: string, type: string): Document | undefined => {
  if (!/xml$/.test(type)) return undefined;
  const xml = new DOMParser().parseFromString(text, 'application/xml');
  return xml.getElementsByTagName('parsererror').length > 0 ? undefined : xml;
};

const TextView = ({
  text,
  type,
  name,
  binary,
}: {
  readonly text: string;
  readonly type: string;
  readonly name: string;
  readonly binary: (id: string) => string;
}): ReactNode => {
  const { sections, body } = useMemo(() => {
    const xml = xmlOf(text, type);
    return {
      sections: xml ? cdaSections(xml) : /json$/.test(type) ? fhirDocument(text) : undefined,
      body: xml && cdaBody(xml),
    };
  }, [text, type]);
  if (body) return <AttachmentView attachment={body} name={`${name}/body`} binary={binary} />;
  if (sections) return <Sections sections={sections} />;
  if (type === 'text/html') return <p className={styles.text}>{narrative(text)}</p>;
  return /(xml|json)$/.test(type) ? <Code block>{text}</Code> : <p className={styles.text}>{text}</p>;
};
