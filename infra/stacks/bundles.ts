import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Entry } from '../permissions.ts';

/** Where the code of an entry comes from: built bundles, or a stand-in where only the template matters. */
export type Bundles = (entry: Entry) => lambda.Code;
