// Routes of the face that the role has. Addresses are hashes, so that any static host serves them and no id of a patient is
// ever sent to one.
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
  redirect,
} from '@tanstack/react-router';
import { lazy, type ReactNode, useEffect, useState } from 'react';
import { pages as admin } from './admin/pages.ts';
import { pages as clinic } from './clinic/pages.ts';
import { pages as resident } from './resident/pages.ts';
import { type Face, faceOf, type Who } from './session/session.ts';
import type { Page } from './ui/face.ts';
import { Shell } from './ui/shell.tsx';
import { Broken } from './ui/states.tsx';

/** The same in every face. */
const signInSettings: Page = {
  path: 'sign-in',
  name: { ja: 'サインインの設定', en: 'Sign-in settings' },
  component: lazy(() => import('./session/sign-in-settings.tsx')),
};

const FACES: Readonly<Record<Face, readonly Page[]>> = { admin, clinic, resident };

const routerFor = (who: Who) => {
  const face = faceOf(who);
  const pages = [...FACES[face], signInSettings].filter(({ roles }) => !roles || roles.includes(who.role));
  const root = createRootRoute({ component: Outlet, notFoundComponent: () => <Home face={face} /> });
  const frame = createRoute({
    getParentRoute: () => root,
    path: face,
    component: () => <Shell face={face} pages={pages} />,
  });
  const children = pages.map(({ path, component }) =>
    createRoute({ getParentRoute: () => frame, path: path === '' ? '/' : path, component }),
  );
  const start = createRoute({
    getParentRoute: () => root,
    path: '/',
    beforeLoad: () => {
      throw redirect({ to: `/${face}` });
    },
  });
  const routeTree = root.addChildren([start, frame.addChildren(children)]);
  return createRouter({ routeTree, history: createHashHistory(), defaultErrorComponent: Broken });
};

/** An address of another face, or of nothing. */
const Home = ({ face }: { readonly face: Face }): ReactNode => {
  useEffect(() => {
    location.hash = `#/${face}`;
  }, [face]);
  return null;
};

const Frame = ({ who }: { readonly who: Who }): ReactNode => {
  const [router] = useState(() => routerFor(who));
  return <RouterProvider router={router} />;
};

export default Frame;
