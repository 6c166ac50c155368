// A stand-in for SNS: topics with e-mail subscriptions, over SNS's own wire protocol (query in, XML out). Nothing is sent: what would have
// been mailed lies in `mails`. https://docs.aws.amazon.com/sns/latest/api/API_Operations.html
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Service, type ServiceAnswer, ServiceError, type SignedRequest } from '../front/service.ts';
import { writeWhole } from '../local-dir.ts';

export interface Mail {
  /** ISO 8601. */
  readonly at: string;
  readonly topic: string;
  readonly to: string;
  readonly kind: 'confirmation' | 'message';
  readonly subject: string;
  readonly text: string;
  /** Of a confirmation: whoever opens it has confirmed. */
  readonly link?: string;
}

interface Subscription {
  readonly arn: string;
  readonly topic: string;
  readonly email: string;
  readonly token: string;
  confirmed: boolean;
  filter: string;
}

export interface Topics {
  readonly service: Service;
  mails(): readonly Mail[];
}

const MOST_MAILS = 500;

/** Where the mails of a running stack lie, in its own folder. */
export const officerMailsOf = (dir: string): string => join(dir, 'officer-mail.ndjson');
export const readMails = (file: string): Mail[] => linesOf<Mail>(file);

const linesOf = <T>(file: string | undefined): T[] =>
  file && existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as T)
    : [];
const writeLines = (file: string | undefined, lines: readonly object[]) => {
  if (file) writeWhole(file, lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
};

export interface TopicFiles {
  /** Left out: in memory. */
  readonly subscriptions?: string | undefined;
  readonly mails?: string | undefined;
}

export const openTopics = (files: TopicFiles = {}): Topics => {
  const kept = linesOf<Subscription>(files.subscriptions);
  const subscriptions = new Map(kept.map((one) => [one.arn, one]));
  const keep = () => writeLines(files.subscriptions, [...subscriptions.values()]);
  let mails = linesOf<Mail>(files.mails);
  const put = (mail: Omit<Mail, 'at'>) => {
    mails = [...mails, { at: new Date().toISOString(), ...mail }].slice(-MOST_MAILS);
    writeLines(files.mails, mails);
  };
  const find = (form: URLSearchParams): Subscription => {
    const found = subscriptions.get(form.get('SubscriptionArn') ?? '');
    if (!found) throw new ServiceError('NotFound', 'Subscription does not exist', 404);
    return found;
  };
  const ask = ({ topic, email, token }: Subscription, host: string) => {
    const link = `http://${host}/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(topic)}&Token=${token}`;
    const subject = 'AWS Notification - Subscription Confirmation';
    put({ topic, to: email, kind: 'confirmation', subject, text: `To confirm, visit ${link}`, link });
  };

  const operations: Record<string, (form: URLSearchParams, host: string) => string> = {
    subscribe: (form, host) => {
      const [topic, email] = [need(form, 'TopicArn'), need(form, 'Endpoint')];
      if (form.get('Protocol') !== 'email') throw new ServiceError('InvalidParameter', 'only e-mail is stood in for');
      const attributes = pairs(form, 'Attributes.entry', 'key', 'value');
      const filter = policyOf(attributes.get('FilterPolicy') ?? '{}');
      const known = [...subscriptions.values()].find((one) => one.topic === topic && one.email === email);
      if (known && known.filter !== filter)
        throw new ServiceError(
          'InvalidParameter',
          'Invalid parameter: Attributes Reason: Subscription already exists with different attributes',
        );
      const subscription = known ?? {
        arn: `${topic}:${randomUUID()}`,
        ...{ topic, email, token: randomUUID().replaceAll('-', ''), confirmed: false, filter },
      };
      subscriptions.set(subscription.arn, subscription);
      keep();
      if (!subscription.confirmed) ask(subscription, host);
      const told = subscription.confirmed || form.get('ReturnSubscriptionArn') === 'true';
      return element('SubscriptionArn', told ? subscription.arn : 'pending confirmation');
    },
    confirmSubscription: (form) => {
      const found = [...subscriptions.values()].find(
        ({ topic, token }) => topic === form.get('TopicArn') && token === form.get('Token'),
      );
      if (!found) throw new ServiceError('InvalidParameter', 'Invalid token');
      found.confirmed = true;
      keep();
      return element('SubscriptionArn', found.arn);
    },
    listSubscriptionsByTopic: (form) => {
      const of = [...subscriptions.values()].filter(({ topic }) => topic === need(form, 'TopicArn'));
      const members = of.map(
        ({ arn, topic, email, confirmed }) =>
          `<member>${element('TopicArn', topic)}${element('Protocol', 'email')}${element('SubscriptionArn', confirmed ? arn : 'PendingConfirmation')}${element('Endpoint', email)}</member>`,
      );
      return `<Subscriptions>${members.join('')}</Subscriptions>`;
    },
    setSubscriptionAttributes: (form) => {
      if (form.get('AttributeName') !== 'FilterPolicy')
        throw new ServiceError('InvalidParameter', 'only FilterPolicy is stood in for');
      find(form).filter = policyOf(form.get('AttributeValue') ?? '{}');
      keep();
      return '';
    },
    unsubscribe: (form) => {
      subscriptions.delete(find(form).arn);
      keep();
      return '';
    },
    publish: (form) => {
      const topic = need(form, 'TopicArn');
      const subject = form.get('Subject') ?? '';
      // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII without line breaks, fewer than 100 characters
      if (!/^[\x20-\x7e]{0,99}$/.test(subject))
        throw new ServiceError('InvalidParameter', 'Invalid parameter: Subject');
      const values = pairs(form, 'MessageAttributes.entry', 'Name', 'Value.StringValue');
      for (const { confirmed, email, topic: of, filter } of subscriptions.values())
        if (confirmed && of === topic && isWanted(filter, values))
          put({ topic, to: email, kind: 'message', subject, text: need(form, 'Message') });
      return element('MessageId', randomUUID());
    },
  };

  return {
    mails: () => mails,
    service: {
      name: 'sns',
      doubleEncodePath: true,
      // Whoever has the mail confirms it, without a signature.
      unsigned: (request) => formOf(request).get('Action') === 'ConfirmSubscription',
      wanted: (request) => {
        const form = formOf(request);
        const topic = form.get('TopicArn') ?? (form.get('SubscriptionArn') ?? '').split(':').slice(0, 6).join(':');
        return [{ action: `sns:${form.get('Action')}`, resource: topic }];
      },
      serve: (request) => {
        const form = formOf(request);
        const action = form.get('Action') ?? '';
        const name = action.charAt(0).toLowerCase() + action.slice(1);
        const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
        if (!operation) throw new ServiceError('InvalidAction', `the SNS stand-in has no ${action}`);
        return xml(
          `<${action}Response><${action}Result>${operation(form, String(request.headers.host))}</${action}Result></${action}Response>`,
        );
      },
      fault: ({ code, message, status }) =>
        xml(
          `<ErrorResponse><Error>${element('Code', code)}${element('Message', message)}</Error></ErrorResponse>`,
          status,
        ),
    },
  };
};

/** A link in a mail brings its parameters in the address, all others in the body. */
const formOf = ({ method, target, body }: Pick<SignedRequest, 'method' | 'target' | 'body'>) =>
  new URLSearchParams(method === 'GET' ? target.slice(target.indexOf('?') + 1) : body.toString());

const need = (form: URLSearchParams, name: string): string => {
  const value = form.get(name);
  if (!value) throw new ServiceError('InvalidParameter', `Invalid parameter: ${name}`);
  return value;
};

/** `Attributes.entry.1.key=…&Attributes.entry.1.value=…` */
const pairs = (form: URLSearchParams, prefix: string, name: string, value: string): Map<string, string> => {
  const found = new Map<string, string>();
  for (let at = 1; form.has(`${prefix}.${at}.${name}`); at += 1)
    found.set(form.get(`${prefix}.${at}.${name}`)!, form.get(`${prefix}.${at}.${value}`) ?? '');
  return found;
};

const policyOf = (text: string): string => {
  const policy = JSON.parse(text) as Record<string, unknown>;
  for (const values of Object.values(policy))
    if (!Array.isArray(values) || values.some((one) => typeof one !== 'string'))
      throw new ServiceError('InvalidParameter', 'Invalid parameter: FilterPolicy, as far as it is stood in for');
  return JSON.stringify(policy);
};

/** https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html: exact matches, any of an array. */
const isWanted = (filter: string, values: ReadonlyMap<string, string>): boolean =>
  Object.entries(JSON.parse(filter) as Record<string, string[]>).every(([name, wanted]) => {
    const given = values.get(name);
    const all = given === undefined ? [] : given.startsWith('[') ? (JSON.parse(given) as string[]) : [given];
    return all.some((one) => wanted.includes(one));
  });

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const element = (name: string, text: string) =>
  `<${name}>${text.replace(/[&<>]/g, (char) => ENTITIES[char]!)}</${name}>`;

const xml = (body: string, status = 200): ServiceAnswer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body,
});
