// SNS in its query protocol, as far as privacy officers are told by mail: https://docs.aws.amazon.com/sns/latest/api/API_Operations.html
import { type Aws, AwsError, escaped, openAws } from './aws-fetch.ts';

export interface Subscription {
  readonly endpoint: string;
  /** Undefined: whom it belongs to has not confirmed it yet. */
  readonly arn: string | undefined;
}

export interface Topic {
  publish(message: {
    subject: string;
    text: string;
    attributes: Readonly<Record<string, readonly string[]>>;
  }): Promise<void>;
  /** By mail; whoever reads it confirms it. The same again, while it waits, sends the question again. */
  subscribe(email: string, filter: Readonly<Record<string, readonly string[]>>): Promise<void>;
  setFilter(arn: string, filter: Readonly<Record<string, readonly string[]>>): Promise<void>;
  unsubscribe(arn: string): Promise<void>;
  subscriptions(): Promise<Subscription[]>;
}

type Params = Readonly<Record<string, string>>;

export const openTopic = (topicArn: string, aws: Pick<Aws, 'send'> = openAws('sns')): Topic => {
  const call = async (action: string, params: Params): Promise<string> => {
    const form = Object.entries({ Action: action, Version: '2010-03-31', ...params });
    const answer = await aws.send({
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.map(([name, value]) => `${escaped(name)}=${escaped(value)}`).join('&'),
    });
    const text = answer.text();
    if (answer.ok) return text;
    throw new AwsError(/<Code>([A-Za-z]+)<\/Code>/.exec(text)?.[1] ?? 'UnknownError', answer.status, `SNS ${action}`);
  };
  const filterPolicy = (filter: Readonly<Record<string, readonly string[]>>) => JSON.stringify(filter);

  return {
    publish: async ({ subject, text, attributes }) => {
      const entries = Object.entries(attributes).flatMap(([name, values], at): [string, string][] => [
        [`MessageAttributes.entry.${at + 1}.Name`, name],
        [`MessageAttributes.entry.${at + 1}.Value.DataType`, 'String.Array'],
        [`MessageAttributes.entry.${at + 1}.Value.StringValue`, JSON.stringify(values)],
      ]);
      await call('Publish', { TopicArn: topicArn, Subject: subject, Message: text, ...Object.fromEntries(entries) });
    },
    subscribe: async (email, filter) => {
      await call('Subscribe', {
        TopicArn: topicArn,
        Protocol: 'email',
        Endpoint: email,
        'Attributes.entry.1.key': 'FilterPolicy',
        'Attributes.entry.1.value': filterPolicy(filter),
      });
    },
    setFilter: async (arn, filter) => {
      await call('SetSubscriptionAttributes', {
        SubscriptionArn: arn,
        AttributeName: 'FilterPolicy',
        AttributeValue: filterPolicy(filter),
      });
    },
    unsubscribe: async (arn) => {
      await call('Unsubscribe', { SubscriptionArn: arn });
    },
    subscriptions: async () => {
      const found: Subscription[] = [];
      let next: string | undefined;
      do {
        const text = await call('ListSubscriptionsByTopic', { TopicArn: topicArn, ...(next && { NextToken: next }) });
        for (const [, member = ''] of text.matchAll(/<member>([\s\S]*?)<\/member>/g)) {
          const arn = tag(member, 'SubscriptionArn') ?? '';
          const endpoint = tag(member, 'Endpoint');
          if (endpoint) found.push({ endpoint, arn: arn.startsWith('arn:') ? arn : undefined });
        }
        next = tag(text, 'NextToken');
      } while (next);
      return found;
    },
  };
};

const tag = (xml: string, name: string): string | undefined => {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text
    ?.replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, '&');
};
