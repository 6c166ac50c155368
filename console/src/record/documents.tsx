// Documents are opened in place: pictures and texts here, PDF in the browser's own viewer, anything else to be saved.
import { Alert, Button, Code, Group, Modal, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { Api, Resource } from '../api/client.ts';
import { useApi } from '../ui/context.ts';
import { Failure, Loading } from '../ui/states.tsx';
import { conceptText } from './fhir.ts';
import { ItemList } from './items.tsx';
import styles from './record.module.css';
import type { Item } from './record.ts';
import { useRecordText } from './words.ts';

interface Attachment {
  readonly contentType?: string;
  readonly data?: string;
  readonly url?: string;
  readonly title?: string;
}

export const Documents = ({ items }: { readonly items: readonly Item[] }): ReactNode => {
  const t = useRecordText();
  const [opened, setOpened] = useState<Item>();
  return (
    <>
      <ItemList
        items={items}
        withType
        action={(item) => (
          <Button
            size="compact-xs"
            variant="light"
            onClick={() => setOpened(item)}
            aria-label={`${t('open')}: ${item.title}`}
          >
            {t('open')}
          </Button>
        )}
      />
      <Modal opened={opened !== undefined} onClose={() => setOpened(undefined)} size="xl" title={opened?.title}>
        {opened && <Content item={opened} />}
      </Modal>
    </>
  );
};

const attachmentsOf = (resource: Resource): Attachment[] =>
  resource.resourceType === 'DocumentReference'
    ? ((resource['content'] as { attachment?: Attachment }[]) ?? []).flatMap(({ attachment }) => attachment ?? [])
    : ((resource['presentedForm'] as Attachment[]) ?? []);

const Content = ({ item }: { readonly item: Item }): ReactNode => {
  const t = useRecordText();
  const attachments = attachmentsOf(item.resource);
  const sections = item.resource.resourceType === 'Composition' ? (item.resource['section'] as Section[]) : undefined;
  const conclusion = item.resource['conclusion'];
  return (
    <Stack>
      {typeof conclusion === 'string' && <p className={styles.text}>{conclusion}</p>}
      {sections?.map((section) => (
        <SectionView key={section.title ?? conceptText(section.code)} section={section} />
      ))}
      {attachments.map((attachment, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: attachments have no other name
        <AttachmentView key={index} attachment={attachment} />
      ))}
      {attachments.length === 0 && !sections && !conclusion && <Alert>{t('noContent')}</Alert>}
    </Stack>
  );
};

interface Section {
  readonly title?: string;
  readonly code?: Parameters<typeof conceptText>[0];
  readonly text?: { readonly div?: string };
  readonly section?: readonly Section[];
}

/** A narrative as plain text: markup of others is never put into the page. */
const narrative = (div: string | undefined): string =>
  div === undefined ? '' : (new DOMParser().parseFromString(div, 'text/html').body.textContent ?? '').trim();

const SectionView = ({ section }: { readonly section: Section }): ReactNode => (
  <section>
    <h3>{section.title ?? conceptText(section.code)}</h3>
    <p className={styles.text}>{narrative(section.text?.div)}</p>
    {section.section?.map((inner) => (
      <SectionView key={inner.title ?? conceptText(inner.code)} section={inner} />
    ))}
  </section>
);

const bytesOf = async (
  api: Api,
  { data, url, contentType = 'application/octet-stream' }: Attachment,
): Promise<Blob> => {
  const inline = data ?? (await binary(api, url))?.data;
  const bytes = Uint8Array.from(atob(inline ?? ''), (char) => char.charCodeAt(0));
  return new Blob([bytes], { type: contentType });
};

const binary = (api: Api, url: string | undefined) => {
  const id = /Binary\/([A-Za-z0-9.-]{1,64})$/.exec(url ?? '')?.[1];
  return id ? api.fhir<{ data?: string }>(`/Binary/${id}`) : undefined;
};

const AttachmentView = ({ attachment }: { readonly attachment: Attachment }): ReactNode => {
  const t = useRecordText();
  const api = useApi();
  const type = (attachment.contentType ?? '').split(';')[0]!.trim();
  const {
    data: blob,
    error,
    isPending,
  } = useQuery({
    queryKey: ['attachment', attachment.url ?? attachment.data?.slice(0, 100)],
    queryFn: () => bytesOf(api, attachment),
  });
  const url = useMemo(() => (blob ? URL.createObjectURL(blob) : undefined), [blob]);
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);
  if (isPending) return <Loading />;
  if (error || !blob || !url) return <Failure error={error} />;
  return (
    <Stack gap="xs">
      {type.startsWith('image/') && <img src={url} alt={attachment.title ?? ''} className={styles.picture} />}
      {type === 'application/pdf' && <iframe src={url} title={attachment.title ?? 'PDF'} className={styles.pdf} />}
      {(type === 'text/plain' || type === '') && <TextView blob={blob} />}
      {/(xml|json)$/.test(type) && <TextView blob={blob} code />}
      <Group>
        <Button component="a" href={url} download={attachment.title ?? 'document'} size="compact-sm" variant="default">
          {t('download')}
        </Button>
      </Group>
    </Stack>
  );
};

const TextView = ({ blob, code = false }: { readonly blob: Blob; readonly code?: boolean }): ReactNode => {
  const { data = '' } = useQuery({
    queryKey: ['text', blob.size, code],
    queryFn: () => blob.text(),
    gcTime: 0,
    staleTime: 0,
  });
  return code ? <Code block>{data}</Code> : <p className={styles.text}>{data}</p>;
};
