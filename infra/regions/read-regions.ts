// Reads the region files. One JSON file is one region; adding a file is all that a new region takes.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type * as z from 'zod';
import { RegionFile } from './schema.ts';

/** A region file that cannot be used; the message is meant for the person who wrote it. */
export class RegionFileError extends Error {}

/** All region files of a folder, or those with the given names, in the order of their names. */
export const readRegions = (folder: string, only?: readonly string[]): RegionFile[] => {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
  const missing = only?.filter((name) => !files.includes(`${name}.json`)) ?? [];
  if (missing.length > 0)
    throw new RegionFileError(
      `no such region (地域): ${missing.map((name) => join(folder, `${name}.json`)).join(', ')}`,
    );

  const regions = files
    .filter((file) => !only || only.includes(basename(file, '.json')))
    .map((file) => readRegion(join(folder, file)));
  refuseTwins(regions);
  return regions;
};

export const readRegion = (path: string): RegionFile => {
  const parsed = RegionFile.safeParse(readJson(path), { reportInput: true });
  if (!parsed.success)
    throw new RegionFileError(`${path} cannot be used:\n${parsed.error.issues.flatMap(explain).join('\n')}`);
  const expected = basename(path, '.json');
  if (parsed.data.name !== expected)
    throw new RegionFileError(
      `${path} cannot be used:\n  name: must be "${expected}", as the file is called (地域名はファイル名と同じ)`,
    );
  return parsed.data;
};

const readJson = (path: string): unknown => {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\s+/g, ' ');
    throw new RegionFileError(`${path} is not JSON (JSONの書式の誤り): ${why}`, { cause });
  }
};

/** Editors on Windows put a mark before UTF-8, or save as Shift_JIS. */
const readText = (path: string): string => {
  const bytes = bytesOf(path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RegionFileError(`${path} is not in UTF-8 (文字コードがUTF-8でない): save it as UTF-8`, { cause });
  }
};

const bytesOf = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new RegionFileError(`no such region (地域): ${path}`, { cause });
    throw new RegionFileError(`${path} cannot be read (読み取れない): ${code}`, { cause });
  }
};

const explain = (issue: z.core.$ZodIssue): string[] => {
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `  ${[at, key].filter(Boolean).join('.')}: is not a setting we know (未知の項目)`);
  const absent = issue.code !== 'custom' && issue.input === undefined;
  return [`  ${at || '(whole file)'}: ${absent ? 'is missing (未記入); ' : ''}${issue.message}`];
};

/** Two regions with one OID would answer for each other. */
const refuseTwins = (regions: readonly RegionFile[]) => {
  for (const [index, region] of regions.entries()) {
    const twin = regions.slice(0, index).find((other) => other.homeCommunityId === region.homeCommunityId);
    if (twin)
      throw new RegionFileError(
        `${region.name}.json: homeCommunityId: is already used by ${twin.name}.json (地域のOIDの重複)`,
      );
  }
};
