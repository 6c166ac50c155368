// What every page has at hand.
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Api } from '../api/client.ts';
import type { Config } from '../config.ts';
import type { Session, SessionState, Who } from '../session/session.ts';

export interface Services {
  readonly config: Config;
  readonly session: Session;
  readonly api: Api;
}

export const ServicesContext = createContext<Services | undefined>(undefined);

export const useServices = (): Services => {
  const services = useContext(ServicesContext);
  if (!services) throw new Error('outside of ServicesContext');
  return services;
};

export const useApi = (): Api => useServices().api;

export const useSession = (): SessionState => {
  const { session } = useServices();
  return useSyncExternalStore(session.subscribe, () => session.state);
};

/** Who is signed in (or was, a moment ago); only pages behind the sign-in ask. */
export const useWho = (): Who => {
  const state = useSession();
  if (state.status === 'out') throw new Error('nobody is signed in');
  return state.who;
};
