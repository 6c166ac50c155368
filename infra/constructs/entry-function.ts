// One Lambda of functions/entries/: runtime, role, log and what it is told. It starts with no permission but to write
// its own log; the other constructs hand out what infra/permissions.ts lists.
import { Duration, RemovalPolicy, Size, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EnvName } from '../../functions/env.ts';
import type { Entry } from '../permissions.ts';

export interface EntryFunctionProps {
  readonly entry: Entry;
  readonly code: lambda.Code;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly logRetentionDays: number;
  readonly logKey: kms.IKey;
  /** Disk under /tmp. @default 512 MB, which cost nothing */
  readonly diskMb?: number;
  /** @default what is left of the account's limit */
  readonly reservedConcurrency?: number | undefined;
}

export class EntryFunction extends Construct {
  readonly entry: Entry;
  readonly lambda: lambda.Function;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: EntryFunctionProps) {
    super(scope, id);
    this.entry = props.entry;

    const logGroup = new logs.LogGroup(this, 'Log', {
      retention: props.logRetentionDays,
      encryptionKey: props.logKey,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: `What functions/entries/${props.entry}.ts may do (infra/permissions.ts)`,
    });
    this.lambda = new lambda.Function(this, 'Function', {
      description: `functions/entries/${props.entry}.ts`,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: props.code,
      handler: 'index.handler',
      role: this.role,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      ...(props.diskMb !== undefined && { ephemeralStorageSize: Size.mebibytes(props.diskMb) }),
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      // START, END and REPORT lines of a function that runs every minute would cost more than the function.
      systemLogLevelV2: lambda.SystemLogLevel.WARN,
      applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
      ...(props.reservedConcurrency !== undefined && { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]);
    this.explain();
  }

  /** Settings are those of functions/env.ts, and no others. */
  tell(settings: Partial<Record<EnvName, string>>) {
    for (const [name, value] of Object.entries(settings)) this.lambda.addEnvironment(name, value);
  }

  allow(actions: readonly string[], resources: readonly string[]) {
    if (actions.length === 0) return;
    this.role.addToPolicy(new iam.PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }

  private explain() {
    Validations.of(this).acknowledge(
      {
        id: 'HIPAA.Security-IAMNoInlinePolicy',
        reason:
          'The policy belongs to this one role and must go with it; a managed policy could be attached elsewhere.',
      },
      {
        id: 'HIPAA.Security-LambdaInsideVPC',
        reason:
          'It calls only AWS services, by TLS with signed requests; a VPC would need a NAT gateway or interface endpoints, both billed by the hour.',
      },
      {
        id: 'HIPAA.Security-LambdaDLQ',
        reason:
          'What runs without a caller has an on-failure destination (infra/constructs/background.ts), which keeps the reason too; the others are called by API Gateway or Cognito, who get the error.',
      },
      {
        id: 'HIPAA.Security-LambdaConcurrency',
        reason:
          'The API throttle bounds the calls. A reservation fails the first deployment of a new account (its whole limit is 10); the region file sets one where wanted.',
      },
    );
  }
}
