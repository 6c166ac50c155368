// The sign-in where nobody is signed in, else the face of who is; that one is loaded when it is known.
import { lazy, type ReactNode, Suspense, useEffect } from 'react';
import { SignIn } from './session/sign-in.tsx';
import { useServices, useSession } from './ui/context.ts';
import { Boundary, Loading } from './ui/states.tsx';

const Frame = lazy(() => import('./frame.tsx'));

export const App = (): ReactNode => {
  const state = useSession();
  const { config } = useServices();
  useEffect(() => {
    // Never a patient's name: titles stand in histories and task bars.
    document.title = `つむぎ ${config.title.ja}`;
  }, [config]);
  if (state.status === 'out') return <SignIn />;
  return (
    <Boundary>
      <Suspense fallback={<Loading />}>
        {/* A frame for each person: what one had open is not the next one's. */}
        <Frame key={state.who.subject} who={state.who} />
      </Suspense>
    </Boundary>
  );
};
