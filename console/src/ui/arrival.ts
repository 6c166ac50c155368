// Coming to a page without loading one: what a browser does by itself then, a page of a program has to do. The window says where one is
// (https://www.w3.org/WAI/WCAG22/Understanding/page-titled.html), and the keyboard goes on in what is new instead of at the very top.
import { type RefObject, useEffect, useRef } from 'react';
import { useLanguage } from '../i18n/i18n.ts';
import { useServices } from './context.ts';
import type { Page } from './face.ts';

/** Never a patient's name: titles stand in histories and task bars. */
export const useTitle = (page?: { readonly ja: string; readonly en: string }): void => {
  const { language } = useLanguage();
  const { config } = useServices();
  const title = [...(page ? [page[language]] : []), `つむぎ ${config.title[language]}`].join(' | ');
  useEffect(() => {
    document.title = title;
  }, [title]);
};

/** @param at the address under the face. What is not in the navigation is called as the page it hangs under. */
export const titleOf = (pages: readonly Page[], at: string): Page['name'] => {
  const own = pages.find(({ path, title }) => title && new RegExp(`^${path.replaceAll(/\$\w+/g, '[^/]+')}$`).test(at));
  const above = pages
    .filter(({ path, name }) => name && (path === at || (path !== '' && at.startsWith(`${path}/`))))
    .sort((a, b) => b.path.length - a.path.length);
  return own?.title ?? above[0]?.name;
};

/** Who was in what has gone is in the new page; who was in the navigation or has gone to a field stays there. */
export const useFocus = (main: RefObject<HTMLElement | null>, path: string): void => {
  const first = useRef(path);
  useEffect(() => {
    const content = main.current;
    const held = document.activeElement;
    if (!content || first.current === path) return;
    first.current = '';
    const arrive = () => document.activeElement === document.body && content.focus({ preventScroll: true });
    if (!content.contains(held)) {
      arrive();
      return;
    }
    // The page that was left stands until the next one has come.
    const observer = new MutationObserver(() => {
      if (held?.isConnected) return;
      observer.disconnect();
      arrive();
    });
    observer.observe(content, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [main, path]);
};
