// Documents are opened in place: pictures and texts here, PDF in the browser's own viewer, CDA and FHIR documents as their
// sections, anything else to be saved.
import { Alert, Button, Code, Group, Modal, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react';
import { type Api, matchesOf, type Resource } from '../api/client.ts';
import { useApi } from '../ui/context.ts';
import { Failure, Loading } from '../ui/states.tsx';
import { cdaSections, linesOf } from './cda.ts';
import { compositionSections, type TextSection } from './composition.ts';
import { ItemList } from './items.tsx';
import styles from './record.module.css';
import { chartOf, type Item } from './record.ts';
import { useRecordText } from './words.ts';

interface Attachment {
  readonly contentType?: string;
  readonly data?: string;
  readonly url?: string;
  readonly title?: string;
}

const NONE: readonly Resource[] = [];

export const Documents = ({
  items,
  resources = NONE,
  patientId,
}: {
  readonly items: readonly Item[];
  /** Whose: other regions send what a document holds only for a person who is named. */
  readonly patientId?: string | undefined;
  /** Of the whole record: what the sections of a document point at. */
  readonly resources?: readonly Resource[];
}): ReactNode => {
  const t = useRecordText();
  const [opened, setOpened] = useState<Item>();
  const open = t('open');
  const action = useCallback(
    (item: Item) => (
      <Button size="compact-xs" variant="light" onClick={() => setOpened(item)} aria-label={`${open}: ${item.title}`}>
        {open}
      </Button>
    ),
    [open],
  );
  return (
    <>
      <ItemList items={items} withType action={action} />
      <Modal
        opened={opened !== undefined}
        onClose={() => setOpened(undefined)}
        size="xl"
        title={opened?.title}
        closeButtonProps={{ 'aria-label': t('close') }}
      >
        {opened && <Content item={opened} resources={resources} patientId={patientId} />}
      </Modal>
    </>
  );
};

const attachmentsOf = (resource: Resource): Attachment[] =>
  resource.resourceType === 'DocumentReference'
    ? ((resource['content'] as { attachment?: Attachment }[]) ?? []).flatMap(({ attachment }) => attachment ?? [])
    : ((resource['presentedForm'] as Attachment[]) ?? []);

const Content = ({
  item: { resource, region },
  resources,
  patientId,
}: {
  readonly item: Item;
  readonly resources: readonly Resource[];
  readonly patientId: string | undefined;
}): ReactNode => {
  const t = useRecordText();
  const attachments = attachmentsOf(resource);
  const sections = useMemo(
    () => (resource.resourceType === 'Composition' ? sectionsOf(resource, resources) : undefined),
    [resource, resources],
  );
  const conclusion = resource['conclusion'];
  return (
    <Stack>
      {typeof conclusion === 'string' && <p className={styles.text}>{conclusion}</p>}
      {sections && <Sections sections={sections} />}
      {attachments.map((attachment, index) => (
        <AttachmentView
          // biome-ignore lint/suspicious/noArrayIndexKey: attachments have no other name
          key={index}
          attachment={attachment}
          name={`${region}/${resource.resourceType}/${resource.id}/${resource.meta?.versionId}/${index}`}
          binary={(id) =>
            region === undefined
              ? `/fhir/Binary/${id}`
              : `/federation/fhir/Binary/${id}?patient=${patientId}&_community=${region}`
          }
        />
      ))}
      {attachments.length === 0 && !sections && !conclusion && <Alert>{t('noContent')}</Alert>}
    </Stack>
  );
};

const narrative = (div: string): string => linesOf(new DOMParser().parseFromString(div, 'text/html').body);

/** What the sections of a Composition say; entries by the names that the chart has for them. */
const sectionsOf = (composition: Resource, resources: readonly Resource[], urls?: ReadonlyMap<string, Resource>) => {
  const { timeline, problems, allergies, medicines } = chartOf('', resources);
  const names = new Map(
    [...timeline, ...problems, ...allergies, ...medicines].map(({ resource, title, detail, date }) => [
      resource,
      [title, detail, date?.slice(0, 10)].filter(Boolean).join(' '),
    ]),
  );
  const byReference = new Map(resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  return compositionSections(composition, narrative, (reference) => {
    const found = urls?.get(reference) ?? byReference.get(/[A-Z]\w+\/[A-Za-z0-9.-]+$/.exec(reference)?.[0] ?? '');
    return found && names.get(found);
  });
};

const Sections = ({ sections }: { readonly sections: readonly TextSection[] }): ReactNode =>
  sections.map(({ title, text, sections: inner }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: sections may be called alike
    <section key={index}>
      <h3>{title}</h3>
      <p className={styles.text}>{text}</p>
      <Sections sections={inner} />
    </section>
  ));

const bytesOf = async (
  api: Api,
  { data, url, contentType = 'application/octet-stream' }: Attachment,
  binary: (id: string) => string,
): Promise<Blob> => {
  const id = data === undefined ? /Binary\/([A-Za-z0-9.-]{1,64})$/.exec(url ?? '')?.[1] : undefined;
  const content = id === undefined ? data : (await api.ask<{ data?: string }>(binary(id))).value.data;
  const bytes = Uint8Array.from(atob(content ?? ''), (char) => char.charCodeAt(0));
  return new Blob([bytes], { type: contentType });
};

/** Markup of others is shown as text, so a page of theirs is one too. */
const isText = (type: string) => /^text\/|xml$|json$/.test(type) || type === '';

const AttachmentView = ({
  attachment,
  name,
  binary,
}: {
  readonly attachment: Attachment;
  readonly name: string;
  /** Where a Binary is read. */
  readonly binary: (id: string) => string;
}): ReactNode => {
  const t = useRecordText();
  const api = useApi();
  const type = (attachment.contentType ?? '').split(';')[0]!.trim();
  const { data, error, isPending } = useQuery({
    queryKey: ['attachment', name],
    queryFn: async () => {
      const blob = await bytesOf(api, attachment, binary);
      return { blob, text: isText(type) ? await blob.text() : undefined };
    },
    gcTime: 60_000,
  });
  const url = useMemo(() => (data ? URL.createObjectURL(data.blob) : undefined), [data]);
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);
  if (isPending) return <Loading />;
  if (error || !data || !url) return <Failure error={error} />;
  return (
    <Stack gap="xs">
      {/^image\/(png|jpe?g|gif|webp|bmp)$/.test(type) && (
        <img src={url} alt={attachment.title ?? ''} className={styles.picture} />
      )}
      {type === 'application/pdf' && <iframe src={url} title={attachment.title ?? 'PDF'} className={styles.pdf} />}
      {data.text !== undefined && <TextView text={data.text} type={type} />}
      <Group>
        <Button component="a" href={url} download={attachment.title ?? 'document'} size="compact-sm" variant="default">
          {t('download')}
        </Button>
      </Group>
    </Stack>
  );
};

const TextView = ({ text, type }: { readonly text: string; readonly type: string }): ReactNode => {
  const sections = useMemo(() => structured(text, type), [text, type]);
  if (sections) return <Sections sections={sections} />;
  if (type === 'text/html') return <p className={styles.text}>{narrative(text)}</p>;
  return /(xml|json)$/.test(type) ? <Code block>{text}</Code> : <p className={styles.text}>{text}</p>;
};

/** Of CDA and of FHIR documents; undefined: it is neither. */
const structured = (text: string, type: string): readonly TextSection[] | undefined => {
  if (/json$/.test(type)) return fhirDocument(text);
  if (!/xml$/.test(type)) return undefined;
  const xml = new DOMParser().parseFromString(text, 'application/xml');
  return xml.getElementsByTagName('parsererror').length > 0 ? undefined : cdaSections(xml);
};

/** https://hl7.org/fhir/R4/documents.html */
const fhirDocument = (text: string): readonly TextSection[] | undefined => {
  let bundle: Resource & { type?: string; entry?: { fullUrl?: string; resource?: Resource }[] };
  try {
    bundle = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (bundle?.resourceType !== 'Bundle' || bundle.type !== 'document') return undefined;
  const resources = matchesOf({ ...bundle, type: 'document' });
  const [composition] = resources;
  if (composition?.resourceType !== 'Composition') return undefined;
  const urls = new Map(
    (bundle.entry ?? []).flatMap(({ fullUrl, resource }) =>
      fullUrl && resource ? [[fullUrl, resource] as const] : [],
    ),
  );
  return sectionsOf(composition, resources, urls);
};
