// Documents and reports of the chart, and the dialog in which one is opened: what it says itself, its sections, its attachments.
import { Alert, Button, Modal, Stack } from '@mantine/core';
import { type ReactNode, useCallback, useMemo, useState } from 'react';
import type { Resource } from '../api/client.ts';
import { type Attachment, AttachmentView } from './attachment.tsx';
import { ItemList } from './items.tsx';
import styles from './record.module.css';
import type { Item } from './record.ts';
import { Sections, sectionsOf } from './sections.tsx';
import { useRecordText } from './words.ts';

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
