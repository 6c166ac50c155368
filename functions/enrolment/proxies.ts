// Proxies as they are stored: granted, revoked, listed from both sides, and moved when a birth date turns out to be another one.
import { notFound, refuse } from '../fhir/outcome.ts';
import type { Lookup, Resources, Write } from '../storage/port.ts';
import { type Kept, keptOf } from './acting-for.ts';
import { instantInJapan, isMinor, MAJORITY, turns } from './age.ts';
import { type ProxyForm, proxyEnds, relatedPerson } from './proxy.ts';
import { actingKey, proxyOf, type RelatedPerson } from './proxy-right.ts';
import { allocate, committing, creating, findPerson, needPerson, replacing } from './records.ts';
import type { Desk } from './services.ts';
import type { Step } from './state.ts';

/** By which the proxies of an acting person are found without knowing whom they act for. */
const actingRow = (person: string): Lookup => ({ bucket: 'work', key: actingKey(person), sort: '' });

/** A proxy of `step.person`. */
export const grantProxy = ({ resources }: Desk, step: Step, form: ProxyForm) =>
  committing(resources, step.now, async () => {
    const represented = await needPerson(resources, step.person);
    if (represented.enrolment.status !== 'enrolled') throw refuse('conflict', 'only who has joined can be acted for');
    if (form.by === step.person) throw refuse('unprocessable', 'by: nobody is a proxy of himself', 'by');
    const acting = await findPerson(resources, form.by);
    if (acting?.enrolment.status !== 'enrolled') throw notFound('an enrolment of the Person in "by"');
    if (isMinor(acting.person.birthDate ?? '', step.now))
      throw refuse('unprocessable', `by: a proxy is ${MAJORITY} or older`, 'by');
    const others = await proxiesOf(resources, represented.patient);
    if (others.some(({ proxy }) => proxy.active && proxy.person === form.by))
      throw refuse('conflict', 'by: this person acts for that one already; revoke it first', 'by');
    const resource = relatedPerson({
      patient: represented.patient,
      form,
      ends: proxyEnds(form, represented.person.birthDate ?? '', step.now),
      now: step.now,
      office: step.office,
      name: acting.person.name,
    });
    const id = allocate(resources, resource);
    const value = { id, patient: represented.patient, until: resource.period.end };
    return { writes: [creating(resource, id, [actingRow(form.by)])], value };
  });

/** By a desk, by the one who is acted for, or by the proxy; who may is the caller's affair. */
export const revokeProxy = ({ resources }: Pick<Desk, 'resources'>, id: string, now: number) =>
  committing(resources, now, async () => {
    const stored = await resources.get('RelatedPerson', id);
    const proxy = stored && !stored.deleted ? proxyOf(stored.resource()) : undefined;
    if (!stored || !proxy) throw notFound('a proxy of this id');
    if (!proxy.active) throw refuse('conflict', 'the proxy is revoked already');
    const resource = stored.resource() as RelatedPerson;
    // What was to end earlier still did.
    const end = proxy.until !== undefined && Date.parse(proxy.until) < now ? proxy.until : instantInJapan(now);
    const next = { ...resource, active: false, period: { ...resource.period, end } };
    return { writes: [replacing(stored, next, [actingRow(proxy.person)])], value: proxy };
  });

/** All that were ever granted over one of the region's Patients. */
export const proxiesOf = async (resources: Resources, patient: string): Promise<Kept[]> => {
  const kept: Kept[] = [];
  let after: string | undefined;
  do {
    const page = await resources.scan({ patient, type: 'RelatedPerson', after });
    kept.push(...page.items.flatMap(keptOf));
    after = page.next;
  } while (after !== undefined);
  return kept;
};

/** A corrected birth date moves the day on which the rights over a minor end, or lets them begin to be a minor's. */
export const movedProxies = async (resources: Resources, patient: string, birthDate: string): Promise<Write[]> => {
  const majority = turns(birthDate, MAJORITY);
  return (await proxiesOf(resources, patient)).flatMap(({ stored, proxy }) => {
    if (!proxy.active || (proxy.kind !== 'parent' && proxy.kind !== 'guardian-of-minor')) return [];
    const resource = stored.resource() as RelatedPerson;
    const next = { ...resource, period: { ...resource.period, end: instantInJapan(majority) } };
    return [replacing(stored, next, [actingRow(proxy.person)])];
  });
};
