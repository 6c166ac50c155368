// The initiating gateway, loaded when the first community that speaks IHE is asked: SOAP and SAML are a third of the function, and most
// regions have no such community.
import type { IheGateway } from './ihe-gateway.ts';

export const lateIheGateway = (load: () => Promise<IheGateway>): IheGateway => {
  let loaded: Promise<IheGateway> | undefined;
  const gateway = () => {
    loaded ??= load();
    return loaded;
  };
  return {
    find: async (...asked) => (await gateway()).find(...asked),
    page: async (...asked) => (await gateway()).page(...asked),
    read: async (...asked) => (await gateway()).read(...asked),
  };
};
