// What the rest of the house may ask about profiles.
import type { Issue, Resource } from '../fhir/types.ts';

export interface Profiles {
  /**
   * What a valid R4 resource lacks of the profiles that it claims, that the region requires, and that `asked` names.
   * Errors refuse a write. `asked` (also when empty) is `$validate`: it also says what could not be checked.
   */
  issues(resource: Resource, asked?: readonly string[]): Promise<Issue[]>;
}
