// What the whole machine does, from /proc/stat (Linux): figures that were taken while others used it must say so.
import { readFileSync } from 'node:fs';

const TICK_MS = 10;

/** Milliseconds of processor time of all processes since the machine started; NaN elsewhere than on Linux. */
export const machineCpuMs = (): number => {
  try {
    const [user = 0, nice = 0, system = 0, , , interrupts = 0, soft = 0, stolen = 0] = readFileSync(
      '/proc/stat',
      'utf8',
    )
      .slice(4, 200)
      .trim()
      .split(/\s+/)
      .map(Number);
    return (user + nice + system + interrupts + soft + stolen) * TICK_MS;
  } catch {
    return Number.NaN;
  }
};
