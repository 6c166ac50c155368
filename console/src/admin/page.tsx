// The form of every page of the administrator: a heading, what it is for, and what it holds.
import { Anchor, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import styles from './admin.module.css';

export const AdminPage = ({
  title,
  about,
  back,
  actions,
  children,
}: {
  readonly title: string;
  readonly about?: string;
  readonly back?: { readonly to: string; readonly label: string };
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}): ReactNode => (
  <Stack className={styles.page}>
    {back && (
      <Anchor component={Link} to={back.to} size="sm" w="fit-content" className={styles.screenOnly}>
        ← {back.label}
      </Anchor>
    )}
    <Group justify="space-between" align="flex-start">
      <Title order={1} size="h3">
        {title}
      </Title>
      {actions}
    </Group>
    {about && (
      <Text c="dimmed" className={styles.screenOnly}>
        {about}
      </Text>
    )}
    {children}
  </Stack>
);

export const Section = ({
  title,
  children,
  className,
}: {
  readonly title: string;
  readonly children: ReactNode;
  readonly className?: string | undefined;
}): ReactNode => (
  <Paper withBorder p="md" component="section" aria-label={title} {...(className && { className })}>
    <Stack gap="sm">
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </Stack>
  </Paper>
);

export const Fields = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <div className={styles.fields}>{children}</div>
);

/** A link within the console. */
export const To = ({ to, children }: { readonly to: string; readonly children: ReactNode }): ReactNode => (
  <Anchor component={Link} to={to}>
    {children}
  </Anchor>
);
