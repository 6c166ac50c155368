// What a face (administrator, clinic, resident) is made of: its pages. The shell makes navigation and routes of them.
import type { FunctionComponent, LazyExoticComponent } from 'react';
import type { Who } from '../session/session.ts';

export interface Page {
  /** Under the face, `patients/$id`; the first page is ''. Addresses hold opaque ids and nothing else. */
  readonly path: string;
  readonly component: LazyExoticComponent<FunctionComponent> | FunctionComponent;
  /** Of the navigation; left out: not in it. */
  readonly name?: { readonly ja: string; readonly en: string };
  /** Of the window, where that is not `name` or the page above; never of a person. */
  readonly title?: { readonly ja: string; readonly en: string };
  /** Roles that have it; left out: all of the face. */
  readonly roles?: readonly Who['role'][];
}
