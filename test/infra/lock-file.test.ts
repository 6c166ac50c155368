// `npm ci` refuses a lock file that lacks a package which another names, even an optional one for another system. Registries
// that lack some of those (mirrors) let `npm install` write such a file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

interface Package {
  readonly version?: string;
  readonly engines?: { readonly node?: string };
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'));
const packages = lock.packages as Record<string, Package>;

/** Where Node would look, from the innermost folder outwards. */
const found = (from: string, name: string): boolean => {
  for (let at = from; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
    if (packages[`${at}${at && '/'}node_modules/${name}`]) return true;
    if (at === '') return false;
  }
};

it('names every optional package that another one names, for all systems', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !found(path, name)),
  );

  expect(missing).toEqual([]);
});

/** Of the first range, which is the oldest: `^20.19.0 || >=22.12.0` runs on 20. */
const oldestNode = ({ engines }: Package): number => Number(/^\D*(\d+)/.exec(engines?.node ?? '')?.[1] ?? 0);

it('asks for a Node that is new enough for every package', () => {
  const ours = oldestNode(packages['']!);
  const newer = Object.entries(packages).filter(([, one]) => oldestNode(one) > ours);
  expect(newer.map(([path]) => path)).toEqual([]);
  expect(packages['']!.engines).toEqual(
    JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')).engines,
  );
});
