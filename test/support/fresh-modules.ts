// Before each file of tests. Files share a process (vitest.config.ts: no isolation), so that what comes from npm is loaded once; our own
// modules start anew, so that no file meets what another has left in them: a clock, a cache, a list.
import { vi } from 'vitest';

vi.resetModules();
vi.unstubAllEnvs();
vi.useRealTimers();
