// CPU time of other processes, from /proc (Linux; elsewhere undefined).
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const TICKS = 100; // CLK_TCK of every Linux that Node runs on

const stat = (pid: number): string[] | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
};

/** Milliseconds of CPU that a process has used, its threads included. */
export const cpuMs = (pid: number): number | undefined => {
  const fields = stat(pid);
  return fields && ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
};

/** A process and all below it. */
export const family = (pid: number): number[] => {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? stat(Number(name)) : undefined;
    if (fields) parents.set(Number(name), Number(fields[1]));
  }
  const found = [pid];
  for (let at = 0; at < found.length; at++) {
    for (const [child, parent] of parents) if (parent === found[at]) found.push(child);
  }
  return found;
};

export const isJava = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('java');
  } catch {
    return false;
  }
};

/** The TCP port on which a process listens (Linux). */
export const listeningPort = (pid: number): number | undefined => {
  const inodes = new Set<string>();
  try {
    for (const name of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode) inodes.add(inode);
    }
    for (const table of ['tcp', 'tcp6']) {
      for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1)) {
        const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
        if (state === '0A' && inode && inodes.has(inode)) return Number.parseInt(local?.split(':')[1] ?? '', 16);
      }
    }
  } catch {
    // not Linux, or the process is gone
  }
  return undefined;
};
