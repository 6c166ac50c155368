// Lists of things that happened. Thousands of lines stay smooth: the browser lays out what is near, and more is drawn as
// the reader comes to it.
import { Badge, Button, Text } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage } from '../i18n/i18n.ts';
import { Empty } from '../ui/states.tsx';
import styles from './record.module.css';
import type { Item } from './record.ts';
import { typeName, useRecordText } from './words.ts';

const STEP = 100;

export const ItemList = ({
  items,
  none,
  withType = false,
  action,
}: {
  readonly items: readonly Item[];
  readonly none?: string;
  readonly withType?: boolean;
  readonly action?: (item: Item) => ReactNode;
}): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  const [shown, setShown] = useState(STEP);
  const end = useRef<HTMLDivElement>(null);
  const more = items.length > shown;
  useEffect(() => {
    const target = end.current;
    if (!more || !target) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setShown((count) => count + STEP), {
      rootMargin: '800px',
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [more]);
  if (items.length === 0) return <Empty>{none ?? t('none')}</Empty>;
  return (
    <>
      <ul className={styles.items}>
        {items.slice(0, shown).map((item) => (
          <li key={`${item.resource.resourceType}/${item.resource.id}`} className={styles.item}>
            <span className={styles.date}>{item.date ? dayText(language, item.date) : t('undated')}</span>
            {withType && (
              <Badge variant="light" size="sm" className={styles.type}>
                {typeName(language, item.resource.resourceType)}
              </Badge>
            )}
            <span className={styles.what}>
              <Text span fw={500}>
                {item.title}
              </Text>{' '}
              <Text span c="dimmed" size="sm">
                {item.detail}
              </Text>
            </span>
            <Text span size="xs" c="dimmed" className={styles.source}>
              {item.source}
            </Text>
            {action?.(item)}
          </li>
        ))}
      </ul>
      {more && (
        <div ref={end}>
          <Button variant="subtle" onClick={() => setShown((count) => count + STEP)}>
            {t('showMore')}
          </Button>
        </div>
      )}
    </>
  );
};
