import { describe, expect, it } from 'vitest';
import { feed } from '../../../functions/identity/feed.ts';
import { changeOf } from '../../../functions/storage/change-feed.ts';

const patientRow = (id: string, sequence: string, more: object = {}) =>
  ({
    dynamodb: {
      SequenceNumber: sequence,
      NewImage: { p: { S: `P${id}` }, s: { S: '!P' }, i: { S: id }, v: { N: '1' }, u: { N: '1' }, ...more },
    },
  }) as never;

const coverageRow = (id: string, sequence: string) =>
  ({
    dynamodb: {
      SequenceNumber: sequence,
      NewImage: { p: { S: 'P000000000000' }, s: { S: 'CV00000000000000' }, i: { S: id }, v: { N: '1' }, u: { N: '1' } },
    },
  }) as never;

const openFeed = (failing: readonly string[] = []) => {
  const asked: string[] = [];
  const logged: object[] = [];
  const registered = async (patient: string) => {
    asked.push(patient);
    if (failing.includes(patient)) throw new TypeError(`no name of ${patient} in a log`);
  };
  const covered = async (coverage: string) => void asked.push(`Coverage/${coverage}`);
  const handler = feed(changeOf, { Patient: registered, Coverage: covered }, (line) => void logged.push(line));
  return { asked, logged, handler };
};

describe('the identity feed', () => {
  it('decides on each Patient of a batch once, and on nothing that is only staged', async () => {
    const { asked, handler } = openFeed();
    const answer = await handler({
      Records: [patientRow('a', '1'), patientRow('a', '2', { v: { N: '2' } }), patientRow('b', '3', { t: { S: 'x' } })],
    });
    expect(asked).toEqual(['a']);
    expect(answer).toEqual({ batchItemFailures: [] });
  });

  it('follows Coverages beside Patients, each once', async () => {
    const { asked, handler } = openFeed();
    await handler({ Records: [patientRow('a', '1'), coverageRow('a', '2'), coverageRow('a', '3')] });
    expect(asked.sort()).toEqual(['Coverage/a', 'a']);
  });

  it('reports the first that failed, so that it and what follows come again, and logs no id', async () => {
    const { asked, logged, handler } = openFeed(['b', 'c']);
    const answer = await handler({ Records: ['a', 'b', 'c', 'd'].map((id, at) => patientRow(id, String(at + 1))) });
    expect(asked.sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] });
    expect(JSON.stringify(logged)).not.toContain('no name');
  });
});
