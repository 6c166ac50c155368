// `config.json` beside the files: which region this console belongs to (infra/console-config.ts writes it).
export interface PoolConfig {
  readonly poolId: string;
  readonly clientId: string;
}

export interface Config {
  readonly region: string;
  readonly title: { readonly ja: string; readonly en: string };
  readonly homeCommunityId: string;
  readonly baseUrl: string;
  /** How long an emergency access lasts. */
  readonly breakGlassMinutes: number;
  readonly cognito: { readonly endpoint: string; readonly staff: PoolConfig; readonly residents: PoolConfig };
  /** Left out: the region has no passkeys. */
  readonly passkeys?: { readonly relyingParty: string; readonly for: readonly ('staff' | 'residents')[] };
}

export const loadConfig = async (): Promise<Config> => {
  const answer = await fetch('./config.json', { cache: 'no-cache' });
  if (!answer.ok) throw new Error(`config.json answered ${answer.status}`);
  return (await answer.json()) as Config;
};
