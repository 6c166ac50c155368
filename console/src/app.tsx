// The sign-in where nobody is signed in, else the face of who is; that one is loaded when it is known.
import { lazy, type ReactNode, Suspense } from 'react';
import { SignIn } from './session/sign-in.tsx';
import { useTitle } from './ui/arrival.ts';
import { useSession } from './ui/context.ts';
import { Boundary, Loading } from './ui/states.tsx';

const Frame = lazy(() => import('./frame.tsx'));

const Entrance = (): ReactNode => {
  useTitle();
  return <SignIn />;
};

export const App = (): ReactNode => {
  const state = useSession();
  if (state.status === 'out') return <Entrance />;
  return (
    <Boundary>
      <Suspense fallback={<Loading />}>
        {/* A frame for each person: what one had open is not the next one's. */}
        <Frame key={state.who.subject} who={state.who} />
      </Suspense>
    </Boundary>
  );
};
