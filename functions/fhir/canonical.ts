/** What we name ourselves (extensions, operations, profiles) begins like this: a name, and no address that someone must keep. */
export const CANONICAL = 'urn:tsumugi';
