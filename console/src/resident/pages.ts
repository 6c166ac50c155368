import type { Page } from '../ui/face.ts';

export const pages: readonly Page[] = [];
