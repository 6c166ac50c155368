// What pairings look like, with apps and with regions: a code to be entered elsewhere, and what is connected, each with its end.
import { Alert, Button, Stack, Text } from '@mantine/core';
import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { dateText, dayText } from '../i18n/format.ts';
import { useLanguage, words } from '../i18n/i18n.ts';
import { Confirm } from './confirm.tsx';
import styles from './lines.module.css';
import { Listed } from './list.tsx';
import { QrCode } from './qr-code.tsx';

const useText = words({
  ja: {
    done: '入れ終わった',
    since: '{day}から',
    ended: '終わりました',
    end: 'つながりを切る',
  },
  en: {
    done: 'Done',
    since: 'since {day}',
    ended: 'ended',
    end: 'Disconnect',
  },
});

export interface Offer {
  readonly code: string;
  readonly expires: string;
}

export const OfferedCode = ({
  offer,
  title,
  how,
  onDone,
}: {
  readonly offer: Offer;
  readonly title: string;
  /** Where to enter it, with the time until when. */
  readonly how: (time: string) => string;
  readonly onDone: () => void;
}): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  return (
    <Alert color="cyan" title={title} role="status">
      <Stack align="flex-start">
        <Text className={styles.code}>{offer.code}</Text>
        <QrCode text={offer.code} label={title} />
        <Text>{how(dateText(language, offer.expires))}</Text>
        <Button variant="default" onClick={onDone}>
          {t('done')}
        </Button>
      </Stack>
    </Alert>
  );
};

export const PairedLine = ({
  name,
  about,
  since,
  active,
  endText,
  end,
}: {
  readonly name: string;
  /** Of whom it is, before the day. */
  readonly about?: string;
  readonly since: string;
  readonly active: boolean;
  /** What it means to end it. */
  readonly endText: string;
  readonly end: UseMutationResult<unknown, unknown, void>;
}): ReactNode => {
  const t = useText();
  const { language } = useLanguage();
  const state = active ? t('since', { day: dayText(language, since) }) : t('ended');
  return (
    <li className={styles.line}>
      <div className={styles.what}>
        <Text fw={700}>{name}</Text>
        <Text size="sm">{about === undefined ? state : `${about} · ${state}`}</Text>
      </div>
      {active && (
        <Confirm
          label={t('end')}
          title={name}
          text={endText}
          color="red"
          send={end}
          onConfirm={() => end.mutateAsync()}
        />
      )}
    </li>
  );
};

/** The list of them with its states. */
export const PairedList = <R,>({
  query,
  empty,
  line,
}: {
  readonly query: {
    readonly data: readonly R[] | undefined;
    readonly isPending: boolean;
    readonly error: unknown;
    readonly refetch: () => unknown;
  };
  readonly empty: string;
  readonly line: (row: R) => ReactNode;
}): ReactNode => {
  const rows = query.data ?? [];
  return (
    <Listed query={query} count={rows.length} empty={empty}>
      <ul className={styles.lines}>{rows.map(line)}</ul>
    </Listed>
  );
};
