// The demo residents join their region at the desk, as anybody does: the form goes through the public API with the municipal
// officer's own token. Their accounts are there already (identities.ts), so that their rows alone are written here. The matcher
// links what hospital, clinic and pharmacy hold of them.
import { AdminGetUserCommand } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openIdentities, saveIdentity } from '../../../functions/auth/rows.ts';
import type { EnrolmentForm } from '../../../functions/enrolment/form.ts';
import type { Seed, SeedContext } from '../seed-context.ts';
import { getToken } from '../token.ts';
import { awsClient, cognitoClient, DEMO_IDENTITIES, firstTokenOf, readSecrets } from './identities.ts';

/** As the charts have them (clinical/charts.ts). */
const FORMS: Readonly<Record<string, EnrolmentForm>> = {
  'resident:1': formOf('春子', 'ハルコ', 'female', '1961-04-12', '090-0000-0001', '見本市春町1-2-3', '0001'),
  'resident:2': formOf('夏男', 'ナツオ', 'male', '1990-08-03', '090-0000-0002', '見本市夏町4-5-6', '0002'),
};

function formOf(
  kanji: string,
  kana: string,
  sex: EnrolmentForm['sex'],
  birthDate: string,
  phone: string,
  address: string,
  number: string,
): EnrolmentForm {
  return {
    name: { kanji: { family: '見本', given: kanji }, kana: { family: 'ミホン', given: kana } },
    birthDate,
    sex,
    address: { postcode: '770-0000', text: address, municipality: '362018' },
    phone,
    insurance: { insurer: '00360000', number, branch: '00' },
    route: 'counter',
    consent: { textVersion: '2026-04' },
    evidence: { kind: 'paper', checked: ['my-number-card'], scan: 'demo' },
  };
}

export const seedEnrolment: Seed = async (context) => {
  const client = new DynamoDBClient(awsClient(context, 'DYNAMODB'));
  const cognito = cognitoClient(context);
  const registry = { client, table: context.settings.REGISTRY_TABLE ?? '' };
  const identities = openIdentities(registry);
  const { people } = readSecrets(context);
  try {
    for (const { who } of DEMO_IDENTITIES.residents) {
      const form = FORMS[who];
      const Username = people[who]?.username;
      if (!form || !Username) continue;
      const user = await cognito.send(
        new AdminGetUserCommand({ UserPoolId: context.settings.RESIDENTS_POOL_ID ?? '', Username }),
      );
      const sub = user.UserAttributes?.find(({ Name }) => Name === 'sub')?.Value ?? '';
      const row = await identities.resident(sub);
      if (!row || row.person !== undefined) continue;
      const { person, patient } = await enrol(context, form);
      await saveIdentity(registry, 'resident', sub, { ...row, person, patients: [patient, ...row.patients] });
    }
  } finally {
    client.destroy();
    cognito.destroy();
  }
};

/** Where consent is implied the form needs no pattern; elsewhere the region has none of its own that a form could leave unsaid. */
const inPatternOf = ({ settings }: SeedContext, form: EnrolmentForm): EnrolmentForm =>
  settings['CONSENT_DEFAULT'] === 'implicit' ? form : { ...form, consent: { ...form.consent, pattern: 'blanket' } };

const enrol = async (context: SeedContext, form: EnrolmentForm): Promise<{ person: string; patient: string }> => {
  const token = firstTokenOf(context, 'staff:municipal') ?? (await getToken(context.region, 'staff:municipal'));
  const answer = await fetch(`${context.baseUrl}/enrolment/people`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(inPatternOf(context, form)),
  });
  if (!answer.ok) throw new Error(`enrolling in ${context.region} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as { person: string; patient: string };
};
