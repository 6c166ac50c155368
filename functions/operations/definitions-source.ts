// CodeSystems and ValueSets that the region has loaded, and behind them those of R4.
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Context, Services } from '../interactions/contract.ts';
import { parseId } from '../interactions/ids.ts';
import { assertReadable, assertSearchable, disclose, permitter } from '../interactions/permit.ts';
import { LoadedDefinitions, parsedCodeSystem } from '../search/loaded-definitions.ts';
import type { Stored } from '../storage/port.ts';
import type { CodeSystem } from '../terminology/code-system.ts';

type Needs = Pick<Services, 'resources'>;
type DefinitionType = 'CodeSystem' | 'ValueSet';

export class Definitions extends LoadedDefinitions {
  private readonly services: Needs;
  private readonly context: Context;

  private constructor(services: Needs, context: Context) {
    const permit = permitter(services.resources, context);
    super({
      resources: services.resources,
      permit: (stored) => permit('read', stored).permit,
      facility: context.actor.facility,
      onRead: (stored) => disclose(context, 'R', stored),
    });
    this.services = services;
    this.context = context;
  }

  /** @throws FhirError if the caller may not read definitions */
  static open(services: Needs, context: Context, ...types: DefinitionType[]): Definitions {
    for (const type of types) assertSearchable(context, type);
    return new Definitions(services, context);
  }

  /** The resource of an instance-level call. */
  async instance(type: DefinitionType, id: string): Promise<Stored> {
    const { resources } = this.services;
    const stored = await resources.get(type, parseId(type, id));
    if (!stored || stored.deleted) throw notFound(`${type}/${id}`);
    assertReadable(resources, this.context, stored);
    disclose(this.context, 'R', stored);
    return stored;
  }

  async codeSystemOfInstance(id: string): Promise<CodeSystem> {
    return parsedCodeSystem(this.services.resources, await this.instance('CodeSystem', id));
  }
}

/** The canonical URL that a request must name. */
export const notKnown = (what: string) => refuse('notFound', `the ${what} is not loaded here`);
