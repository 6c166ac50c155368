/** What we name ourselves (extensions, operations, profiles) begins like this: a name, and no address that someone must keep. */
export const CANONICAL = 'urn:tsumugi';

/** The key of the look-up rows by which profiles and their value sets are found (search/lookups.ts writes, profiles/loaded.ts reads). */
export const DEFINITIONS_KEY = `${CANONICAL}:definitions`;
