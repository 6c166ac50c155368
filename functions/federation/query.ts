// /federation/fhir: one question of a client to its own region and to all communities under contract, at once; what came in time, merged.
// A partial answer is an answer, and says so: who was late, down, refusing or broken is an OperationOutcome entry.
import { allows, LEVEL_OF } from '../auth/scopes.ts';
import { policyOf } from '../consent/policy.ts';
import { FhirError, forbidden, notFound } from '../fhir/outcome.ts';
import type { Issue } from '../fhir/types.ts';
import type { Answer, Context, Interaction } from '../interactions/contract.ts';
import { fhirBase, fhirBases, preferHandling } from '../interactions/headers.ts';
import { assertReadable, assertSearchable, permitter } from '../interactions/permit.ts';
import { parse } from '../search/parse.ts';
import type { Stored } from '../storage/port.ts';
import {
  askEach,
  discloseShown,
  isFailed,
  isLate,
  issueOf,
  type Outcome,
  type Person,
  type QueryParts,
  type Run,
} from './ask-each.ts';
import { type Asking, ROOM_BYTES } from './ask-peer.ts';
import { type Asked, askedOf, assertResumed, timingOf } from './asked.ts';
import { travellingRole } from './assertion.ts';
import { bundleOf } from './bundle.ts';
import { meantBy } from './communities.ts';
import type { Cursor } from './cursor.ts';
import { evidenceOf } from './evidence.ts';
import { linkBasis } from './handles.ts';
import { merge, originOf, type Place, type Source } from './merge.ts';
import { type OwnPage, ownPage, ownRequest } from './own.ts';
import { personKey } from './pairings.ts';
import type { Entry, Page } from './peer-bundle.ts';
import { PeerFault } from './peer-http.ts';
import { cannotAnswer, pageFrom, readFrom } from './there.ts';

type Params = readonly (readonly [string, string])[];

const MOST_PAGE_BYTES = 3 * 1024 * 1024;
const EVERYTHING_COUNT = 1_000;

export const federated =
  (parts: QueryParts): Interaction =>
  async (context, request) => {
    // Who has no business elsewhere is told so before anything is looked up.
    if (context.actor.kind !== 'resident') travellingRole(context.actor);
    const bases = fhirBases(parts.services.region);
    const timing = timingOf(request);
    const token = request.params.find(([name]) => name === '_cursor')?.[1];
    const cursor = token === undefined ? undefined : await parts.cursors.read(context, token);
    if (cursor) assertResumed(cursor, request);
    const asked = cursor?.asked ?? askedOf(request, bases);
    const handling = cursor ? 'lenient' : preferHandling(request.headers);
    assertAskable(context, asked);
    // What she keeps from her parents is known here and nowhere else.
    if (context.actor.minors?.includes(asked.patient))
      throw forbidden('a minor who decides alone asks other regions herself');
    const signal = AbortSignal.timeout(timing.perCommunity);
    const [person, active, stopped] = await Promise.all([
      personOf(parts, context, asked.patient),
      parts.contracts.active(),
      parts.contracts.stopped(),
    ]);
    const { homeCommunityId: community, name } = parts.services.region;
    const all = [{ community, name }, ...active, ...stopped.map(({ contract }) => contract)];
    const { isMeant, issues } = meantBy(asked.communities, all, handling);
    const asking: Asking = {
      actor: context.actor,
      purpose: context.purpose,
      reason: context.reason,
      requestId: context.requestId,
      signal,
      room: { bytes: ROOM_BYTES },
    };
    const run: Run = {
      ...parts,
      context,
      asking,
      person,
      active: active.filter((contract) => isMeant(contract.community)),
      stopped: stopped.filter(({ contract }) => isMeant(contract.community)),
      isOwnMeant: isMeant(community),
      // Who names a region wants an answer of that one.
      isInsisting: cursor?.isInsisting === true || (asked.communities?.length ?? 0) > 0,
    };
    return asked.kind === 'read' ? read(run, asked, issues) : search(run, { asked, cursor, handling, issues });
  };

/** A token is good elsewhere for no more than at home: what it is good for does not travel, so it is held here. */
const assertAskable = (context: Context, asked: Asked): void => {
  if (asked.kind === 'search') assertSearchable(context, asked.type);
  if (asked.kind === 'read' && !isInScope(context, asked.type, 'read'))
    throw forbidden(`the token's scopes do not allow read of ${asked.type}`);
};

const isInScope = ({ actor }: Context, type: string, action: 'read' | 'search'): boolean =>
  allows(actor.scopes, LEVEL_OF[actor.kind], type, action);

/** Who may not read the Patient here may not ask for it elsewhere. */
const personOf = async ({ readAs }: QueryParts, context: Context, id: string): Promise<Person> => {
  const resources = readAs(context);
  const [patient, [head]] = await Promise.all([resources.get('Patient', id), resources.heads([id])]);
  if (!patient || patient.deleted) throw notFound(`Patient/${id}`);
  assertReadable(resources, context, patient);
  const linked = head?.linked ?? [id];
  const permit = permitter(resources, context);
  const all =
    linked.length > 1 ? await resources.getMany(linked.map((one) => ({ type: 'Patient', id: one }))) : [patient];
  const seen = all.filter((one): one is Stored => one !== undefined && !one.deleted && permit('read', one).permit);
  return {
    key: personKey(head?.person, id),
    patient,
    policy: policyOf(head?.policy),
    evidence: evidenceOf(seen.map((one) => one.resource())),
    basis: linkBasis(head?.person, linked),
    linked,
  };
};

interface Question {
  readonly asked: Cursor['asked'];
  /** Absent: the first page. */
  readonly cursor: Cursor | undefined;
  readonly handling: 'strict' | 'lenient';
  readonly issues: readonly Issue[];
}

const search = async (run: Run, { asked, cursor, handling, issues: understood }: Question): Promise<Answer> => {
  const { services, context } = run;
  const own = services.region.homeCommunityId;
  const base = fhirBase(services.region);
  const isSearch = asked.kind === 'search';
  const query = isSearch
    ? parse({
        type: asked.type,
        compartment: asked.type === 'Patient' ? undefined : { type: 'Patient', id: asked.patient },
        params: asked.params,
        handling,
        now: context.now,
        baseUrls: fhirBases(services.region),
        facility: context.actor.facility,
      })
    : undefined;
  const left = (query?.most ?? Number.POSITIVE_INFINITY) - (cursor?.shown ?? 0);
  const count = Math.min(query?.count ?? countOf(asked.params), left);
  // Entries are sorted and looked at whole; what of them was asked for is cut out at the end.
  const params: Params = asked.params.filter(
    ([name, value]) => name !== '_elements' && (name !== '_summary' || value === 'count'),
  );
  const places = new Map(cursor?.places);
  const placeOf = (community: string): Place => places.get(community) ?? { skip: 0 };
  const isOpen = (community: string) => !cursor || places.has(community);

  const localContext: Context = { ...context, disclosed: [] };
  const local = async (): Promise<Outcome<Counted & Pick<OwnPage, 'issues'>>> => {
    if (!isOpen(own) || !run.isOwnMeant) return undefined;
    const place = placeOf(own);
    const page = await within(
      ownPage(await run.fhir(localContext, ownRequest(asked, params, place.cursor))),
      run.asking.signal,
    );
    return { got: { ...sourceOf(own, place, page), issues: page.issues } };
  };
  const there = askEach(
    run,
    run.active.filter(
      (contract) => isOpen(contract.community) && cannotAnswer(contract, asked, context.actor) === undefined,
    ),
    async (contract, known, asking) => {
      const place = placeOf(contract.community);
      const page = await pageFrom(run, contract, known, { asked, params, query, place }, asking);
      return { source: sourceOf(contract.community, place, page), page };
    },
  );
  const [mine, theirs] = await Promise.all([localOutcome(local, own, run.asking.signal), there]);

  const sources: Source[] = [];
  const issues: Issue[] = cursor ? [] : [...understood, ...(query?.outcome ?? [])];
  if (mine && 'got' in mine) {
    sources.push(mine.got);
    issues.push(...mine.got.issues);
  } else if (mine) issues.push(mine.issue);
  let total: number | undefined = mine && 'got' in mine ? mine.got.total : undefined;
  if (!run.isOwnMeant && !cursor) total = 0; // it is not asked, so it has none of them
  for (const contract of run.active) {
    const outcome = theirs.get(contract.community);
    if (!outcome) continue;
    if ('issue' in outcome) {
      issues.push(outcome.issue);
      if (outcome.issue.severity !== 'information') total = undefined; // it may have some
      continue;
    }
    const { source, page } = outcome.got;
    sources.push(source);
    total = total === undefined || page.total === undefined ? undefined : total + page.total;
    if (page.isIncomplete) issues.push(issueOf(contract, 'incomplete', 'it says that its own answer is not complete'));
    for (const { code, rule, severity } of page.notes ?? []) issues.push(issueOf(contract, code, rule, severity));
  }
  if (!cursor)
    for (const contract of run.active) {
      const rule = cannotAnswer(contract, asked, context.actor);
      if (rule !== undefined) issues.push(issueOf(contract, 'not-supported', rule, 'information'));
    }
  // Nothing found and not asked must not look the same.
  if (!cursor)
    for (const { contract, why } of run.stopped) issues.push(issueOf(contract, 'suppressed', `not asked: ${why}`));
  // A community whose contract was stopped between two pages had more to say.
  for (const community of places.keys())
    if (community !== own && !run.active.some((one) => one.community === community))
      issues.push(
        issueOf(
          { community, name: 'another region' },
          'suppressed',
          'the link contract is no longer in force; its further records are left out',
        ),
      );

  const merged = merge(sources, {
    sort: isSearch ? query!.sort : undefined,
    count,
    bytes: MOST_PAGE_BYTES,
    left: cursor?.last ?? [],
  });
  // What stands beside the matches, and everything of a person, may be of types that this token is not for. As in the regional search,
  // what comes with a match is found as it is; everything of a person is read.
  const action = isSearch ? 'search' : 'read';
  const shown = merged.shown.filter(({ resource }) => isInScope(context, resource.resourceType, action));
  const matches = merged.shown.filter(({ mode }) => mode === 'match').length;
  const isEnough = matches >= left;
  const after = new Map(isEnough ? [] : merged.places);
  // Who failed is asked again with the next page, where it was. When nobody else has more, who was late or down has a link of its own:
  // a client that follows `next` to the end does not go round for ever about one who is down.
  const more = after.size > 0;
  if (!isEnough)
    for (const [community, outcome] of [[own, mine] as const, ...theirs])
      if (more ? isFailed(outcome) : isLate(outcome)) after.set(community, placeOf(community));
  discloseShown(run, localContext, shown);
  const links: { next?: string; missing?: string } = {};
  if (after.size > 0 && !query?.countOnly) {
    links[more ? 'next' : 'missing'] = await run.cursors.write(context, {
      asked,
      places: [...after],
      last: merged.last,
      shown: (cursor?.shown ?? 0) + matches,
      isInsisting: !more,
    });
  }
  return bundleOf(run, { asked, query, shown, issues, total, ...links, own, base });
};

type Counted = Source & { readonly total: number | undefined };

const sourceOf = (community: string, place: Place, { entries, next, total }: Page): Counted => ({
  community,
  place,
  entries,
  next,
  total,
});

/** Of `$everything`, where nothing is said: pages are bounded by their bytes too. */
const countOf = (params: Params): number => {
  const given = params.find(([name]) => name === '_count')?.[1];
  return given !== undefined && /^[1-9][0-9]{0,3}$/.test(given)
    ? Math.min(Number(given), EVERYTHING_COUNT)
    : EVERYTHING_COUNT;
};

const within = <T>(work: Promise<T> | T, signal: AbortSignal): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const late = () => reject(new PeerFault('timeout', 'this region did not answer in time'));
    if (signal.aborted) return late();
    signal.addEventListener('abort', late, { once: true });
    Promise.resolve(work).then(resolve, reject);
  });

/** Refusals of our own are the client's to hear; being late is not more than a gap. */
const localOutcome = async <T>(
  work: () => Promise<Outcome<T>>,
  community: string,
  signal: AbortSignal,
): Promise<Outcome<T>> => {
  try {
    return await within(work(), signal);
  } catch (error) {
    if (!(error instanceof PeerFault)) throw error;
    return { issue: issueOf({ community, name: 'this region' }, error.code, error.message) };
  }
};

/** A record of somebody else is no record of this person, here as anywhere. What belongs to nobody, or is not there, is the read's own to say. */
const isOfPerson = async ({ readAs, context, person }: Run, { type, id }: { type: string; id: string }) => {
  const resources = readAs(context);
  const { patientKey } = (await resources.get(type, id)) ?? {};
  return patientKey === undefined || person.linked.map(resources.patientKey).includes(patientKey);
};

/** One record: here, or in the community that is named, or in whichever of them has it. */
const read = async (
  run: Run,
  asked: Extract<Asked, { kind: 'read' }>,
  understood: readonly Issue[],
): Promise<Answer> => {
  const { services, context } = run;
  const own = services.region.homeCommunityId;
  const isNamed = asked.communities !== undefined;
  if (run.isOwnMeant && (await isOfPerson(run, asked))) {
    const answer = await run
      .fhir(context, {
        method: 'GET',
        path: [asked.type, asked.id],
        params: [],
        headers: { accept: 'application/fhir+json' },
        body: undefined,
      })
      .catch((error) => {
        if (
          (!isNamed || run.active.length > 0) &&
          error instanceof FhirError &&
          (error.status === 404 || error.status === 410)
        )
          return undefined;
        throw error;
      });
    if (answer) return { status: 200, resource: originOf(own, answer.stored?.resource() ?? answer.resource!) };
  }
  const contracts = run.active.filter((contract) => cannotAnswer(contract, asked, context.actor) === undefined);
  const outcomes = await askEach(run, contracts, (contract, known, asking) =>
    readFrom(run, contract, known, asked, asking),
  );
  const found = [...outcomes].find(([, outcome]) => outcome && 'got' in outcome);
  if (found) {
    const [community, outcome] = found as [string, { got: Entry['resource'] }];
    discloseShown(run, { ...context, disclosed: [] }, [{ community, resource: outcome.got }]);
    return { status: 200, resource: originOf(community, outcome.got) };
  }
  const issues = [...outcomes.values()].flatMap((outcome) => (outcome && 'issue' in outcome ? [outcome.issue] : []));
  throw new FhirError('notFound', [
    { diagnostics: `${asked.type}/${asked.id} was not found` },
    ...understood,
    ...run.stopped.flatMap(({ contract, why }) =>
      isNamed ? [issueOf(contract, 'suppressed', `not asked: ${why}`)] : [],
    ),
    ...issues.filter(({ code }) => code !== 'not-found'),
  ]);
};
