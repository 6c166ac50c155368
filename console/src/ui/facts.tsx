// What is known of one thing, name by name. What is not there has no line.
import { Fragment, type ReactNode } from 'react';
import styles from './list.module.css';

export const Facts = ({ of }: { readonly of: readonly (readonly [name: string, value: ReactNode])[] }): ReactNode => (
  <dl className={styles.facts}>
    {of
      .filter(([, value]) => value !== undefined && value !== null && value !== '')
      .map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
  </dl>
);
