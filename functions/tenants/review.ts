// The access review: every quarter somebody looks at each account and says that it is still needed, or disables it (guideline
// 運用編14④; docs/administration.md). What was decided is kept, beside the audit records of the single changes.
import * as z from 'zod/mini';
import { refuse } from '../fhir/outcome.ts';
import { type JsonRoute, note, route } from '../interactions/json-route.ts';
import type { LastUse } from './last-use.ts';
import { all, change, find, type StaffRecord, type SystemRecord } from './records.ts';
import type { Rows } from './rows.ts';
import { type StaffNeeds, setDisabled } from './staff.ts';

export interface ReviewNeeds extends StaffNeeds {
  readonly lastUse: LastUse;
}

const DAY_MS = 86_400_000;
/** A quarter, and a few days to do it in. */
export const DUE_AFTER_MS = 92 * DAY_MS;
const UNUSED_AFTER_MS = 90 * DAY_MS;
const PAGE = 50;

const Ids = z.array(z.string().check(z.maxLength(64))).check(z.maxLength(100));
const Review = z.strictObject({ keep: z.optional(Ids), disable: z.optional(Ids) });

type Kind = 'staff' | 'system';
const idOf = (record: StaffRecord | SystemRecord) => ('id' in record ? record.id : record.clientId);

/** Due when nobody has looked at it for a quarter; an account counts as looked at when it was made or changed. */
const isDue = (record: { changed: number; reviewed?: { at: number } | undefined }, now: number): boolean =>
  now - Math.max(record.changed, record.reviewed?.at ?? 0) > DUE_AFTER_MS;

export const reviewRoutes = (needs: ReviewNeeds): readonly JsonRoute[] => {
  const { rows, lastUse } = needs;

  const shown = async (record: StaffRecord | SystemRecord, now: number) => {
    const subject = 'sub' in record ? record.sub : record.clientId;
    const [row, used] = await Promise.all([
      find(rows, 'sub' in record ? 'staffRow' : 'systemRow', subject),
      lastUse.of(subject, now),
    ]);
    const { value } = row;
    return {
      id: idOf(record),
      ...('username' in record
        ? { username: record.username, name: record.name }
        : { name: (value as { name?: string })?.name }),
      places:
        value && 'memberships' in value ? value.memberships.map(({ facility, role }) => ({ facility, role })) : [],
      facility: value && 'facility' in value ? value.facility : undefined,
      disabled: value?.disabled ?? true,
      lastUsed: used === undefined ? undefined : new Date(used).toISOString(),
      unused: used === undefined || now - used > UNUSED_AFTER_MS,
      reviewed: record.reviewed && new Date(record.reviewed.at).toISOString(),
      due: isDue(record, now),
    };
  };

  const kindOf = (kind: string | undefined): Kind => {
    if (kind !== 'staff' && kind !== 'system') throw refuse('invalid', 'the kind must be staff or system');
    return kind;
  };

  return [
    route({
      method: 'GET',
      path: '/admin/review/{kind}',
      interaction: 'review-list',
      query: ['all', 'after'],
      roles: ['admin', 'privacy'],
      handle: async (context, { params, query }) => {
        const kind = kindOf(params.kind);
        const after = query.after ?? '';
        const waiting = (await all(rows, kind))
          .filter((record) => idOf(record) > after && (query.all === 'true' || isDue(record, context.now)))
          .sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
        const page = waiting.slice(0, PAGE);
        note(context, 'R', `review/${kind}`);
        return {
          status: 200,
          body: {
            accounts: await Promise.all(page.map((record) => shown(record, context.now))),
            left: waiting.length - page.length,
            ...(waiting.length > page.length && { next: idOf(page.at(-1)!) }),
          },
        };
      },
    }),
    route({
      method: 'POST',
      path: '/admin/review/{kind}',
      interaction: 'review-decide',
      roles: ['admin'],
      body: Review,
      handle: async (context, { params, body: { keep = [], disable = [] } }) => {
        const kind = kindOf(params.kind);
        if (keep.some((id) => disable.includes(id)))
          throw refuse('invalid', 'one account is both kept and disabled', 'keep');
        const by = { at: context.now, by: context.actor.subject };
        for (const id of disable)
          await (kind === 'staff' ? setDisabled(needs, context, id, true) : disableSystem(rows, id, context.now));
        for (const id of [...keep, ...disable]) {
          const record = await find(rows, kind, id);
          if (!record.value) throw refuse('invalid', 'an account of the list is not there', 'keep');
          await rows.write([change(record, { ...record.value, reviewed: by } as never)]);
          note(context, 'U', `${kind}/${'sub' in record.value ? record.value.sub : id}`);
        }
        const entry = { p: 'tenant#review', s: `${new Date(context.now).toISOString()}#${context.requestId}` };
        await rows.write([{ ...entry, d: JSON.stringify({ ...by, kind, keep, disable }), before: undefined }]);
        return { status: 200, body: { kept: keep.length, disabled: disable.length } };
      },
    }),
    route({
      method: 'GET',
      path: '/admin/reviews',
      interaction: 'review-history',
      roles: ['admin', 'privacy'],
      handle: async (context) => {
        note(context, 'R', 'review');
        const reviews = (await rows.list('tenant#review')).map(({ d }) => JSON.parse(d) as object);
        return { status: 200, body: { reviews: reviews.reverse().slice(0, 200) } };
      },
    }),
  ];
};

const disableSystem = async (rows: Rows, clientId: string, now: number) => {
  const row = await find(rows, 'systemRow', clientId);
  if (!row.value) throw refuse('invalid', 'an account of the list is not there', 'disable');
  await rows.write([change(row, { ...row.value, disabled: true, notBefore: now })]);
};
