// Lists of things that happened. Ten thousand lines stay smooth: lines come in blocks of a hundred, a block that is drawn is not
// drawn again, the browser lays out what is near, and more is drawn as the reader comes to it. A line is plain elements: a component
// of the library for each of its words made a block of a hundred take several frames.
import { Button } from '@mantine/core';
import { createContext, memo, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { dayText } from '../i18n/format.ts';
import { useLanguage } from '../i18n/i18n.ts';
import styles from './record.module.css';
import type { Item } from './record.ts';
import { typeName, useRecordText } from './words.ts';

const STEP = 100;

/** What may be done with a line, besides reading it; the same function as long as it does the same. */
export type ItemAction = (item: Item) => ReactNode;
export const ItemActions = createContext<ItemAction | undefined>(undefined);

export const ItemList = ({
  items,
  none,
  withType = false,
  action,
}: {
  readonly items: readonly Item[];
  readonly none?: string;
  readonly withType?: boolean;
  readonly action?: ItemAction;
}): ReactNode => {
  const t = useRecordText();
  const blocks = useMemo(() => blocksOf(items), [items]);
  const [shown, setShown] = useState(1);
  const end = useRef<HTMLDivElement>(null);
  const more = blocks.length > shown;
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at again after each block, which may not fill the page
  useEffect(() => {
    const target = end.current;
    if (!more || !target) return;
    // A busy page gets several entries at once, of which the first may say "not yet".
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setShown((count) => count + 1),
      { rootMargin: '1200px' },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [more, shown]);
  if (items.length === 0) return <p className={styles.none}>{none ?? t('none')}</p>;
  return (
    <>
      <ul className={styles.items}>
        {blocks.slice(0, shown).map((block) => (
          <Block key={keyOf(block[0]!)} {...{ block, withType, action }} />
        ))}
      </ul>
      {more && (
        <div ref={end}>
          <Button variant="subtle" onClick={() => setShown((count) => count + 1)}>
            {t('showMore')}
          </Button>
        </div>
      )}
    </>
  );
};

/** Ids are each region's own. */
export const keyOf = ({ region = '', resource: { resourceType, id } }: Item): string =>
  `${region}/${resourceType}/${id}`;

const blocksOf = (items: readonly Item[]): (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / STEP) }, (_, at) => items.slice(at * STEP, (at + 1) * STEP));

const Block = memo(function Block({
  block,
  withType,
  action,
}: {
  readonly block: readonly Item[];
  readonly withType: boolean;
  readonly action: ItemAction | undefined;
}): ReactNode {
  return block.map((item) => <Line key={keyOf(item)} {...{ item, withType, action }} />);
});

/** Another region by its name; which one that is exactly, by its OID. */
export const Origin = ({ of }: { readonly of: Pick<Item, 'region' | 'regionName'> }): ReactNode =>
  of.region && <span title={of.region}>{` (${of.regionName ?? of.region})`}</span>;

const Line = ({
  item,
  withType,
  action,
}: {
  readonly item: Item;
  readonly withType: boolean;
  readonly action: ItemAction | undefined;
}): ReactNode => {
  const t = useRecordText();
  const { language } = useLanguage();
  const everywhere = useContext(ItemActions);
  return (
    <li className={styles.item}>
      <span className={styles.date}>{item.date ? dayText(language, item.date) : t('undated')}</span>
      {withType && <span className={styles.type}>{typeName(language, item.resource.resourceType)}</span>}
      <span className={styles.what}>
        <span className={styles.title}>{item.title}</span> <span className={styles.detail}>{item.detail}</span>
      </span>
      <span className={styles.source}>
        {item.source}
        <Origin of={item} />
      </span>
      {action?.(item)}
      {everywhere?.(item)}
    </li>
  );
};
