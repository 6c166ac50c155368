// When a schedule runs next: `rate(5 minutes)` and `cron(0 3 * * ? *)`.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
import { LocalError } from '../local-dir.ts';

const MINUTE = 60_000;
const UNITS: Record<string, number> = { minute: MINUTE, hour: 60 * MINUTE, day: 24 * 60 * MINUTE };

/** Milliseconds since 1970 of the first run after `now`. */
export const nextRun = (expression: string, now: number): number => {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate) return now + Number(rate[1]) * UNITS[rate[2]!]!;
  const cron = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+)(?: (\S+))?\)$/.exec(expression);
  if (!cron) throw new LocalError(`the template has a schedule ${expression}, which the local host cannot read`);
  const [minutes, hours, days, months, weekdays] = cron.slice(1) as [string, string, string, string, string];
  const limit = now + 366 * UNITS['day']!;
  for (let at = (Math.floor(now / MINUTE) + 1) * MINUTE; at < limit; at += MINUTE) {
    const date = new Date(at);
    if (
      field(minutes, 0, 59).has(date.getUTCMinutes()) &&
      field(hours, 0, 23).has(date.getUTCHours()) &&
      field(days, 1, 31).has(date.getUTCDate()) &&
      field(named(months, MONTHS, 1), 1, 12).has(date.getUTCMonth() + 1) &&
      field(named(weekdays, WEEKDAYS, 1), 1, 7).has(date.getUTCDay() + 1)
    ) {
      return at;
    }
  }
  throw new LocalError(`the schedule ${expression} does not run within a year`);
};

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const named = (text: string, names: string[], first: number) =>
  text.replace(/[A-Z]{3}/g, (name) => String(names.indexOf(name) + first));

const fields = new Map<string, Set<number>>();

const field = (text: string, low: number, high: number): Set<number> => {
  const key = `${text} ${low} ${high}`;
  let found = fields.get(key);
  if (!found) {
    found = new Set(text.split(',').flatMap((part) => [...range(part, low, high)]));
    fields.set(key, found);
  }
  return found;
};

function* range(part: string, low: number, high: number): Generator<number> {
  const [, all, from, to, step] = /^(?:([*?])|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
  if (all === undefined && from === undefined)
    throw new LocalError(`a schedule has ${part}, which the local host cannot read`);
  const start = all ? low : Number(from);
  const end = all || (step && !to) ? high : Number(to ?? from);
  for (let value = start; value <= end; value += Number(step ?? 1)) yield value;
}
