// Mail to the privacy officers of facilities: a topic, whose addresses the desk enters and their owners confirm. No month costs anything;
// a mail costs 0.00002 USD after the first thousand. https://aws.amazon.com/sns/pricing/
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Connectable } from './capability.ts';
import type { EntryFunction } from './entry-function.ts';

export class OfficerMail extends Construct implements Connectable {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, { title }: { readonly title: string }) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Topic', {
      // Who the mail is from, as far as SNS says it.
      displayName: title,
      // AWS's own key for SNS, at no cost: what is sent holds no personal data, and whoever may publish needs no right on a key.
      masterKey: kms.Alias.fromAliasName(this, 'Key', 'alias/aws/sns'),
      enforceSSL: true,
    });
  }

  connect(fn: EntryFunction, actions: readonly string[]) {
    fn.tell({ OFFICERS_TOPIC: this.topic.topicArn });
    fn.allow(actions, [this.topic.topicArn]);
  }
}
