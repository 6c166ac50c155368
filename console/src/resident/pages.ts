// The face of residents: their own record, what they measure at home, who looked, and who may.
import { lazy } from 'react';
import type { Page } from '../ui/face.ts';

export const pages: readonly Page[] = [
  { path: '', name: { ja: 'ホーム', en: 'Home' }, component: lazy(() => import('./home.tsx')) },
  { path: 'record', name: { ja: 'わたしの記録', en: 'My record' }, component: lazy(() => import('./own-record.tsx')) },
  {
    path: 'measurements',
    name: { ja: '家での測定', en: 'Measured at home' },
    component: lazy(() => import('./measurements.tsx')),
  },
  { path: 'looked', name: { ja: '見た人', en: 'Who looked' }, component: lazy(() => import('./looked.tsx')) },
  {
    path: 'consents',
    name: { ja: '見せる・止める', en: 'Who may look' },
    component: lazy(() => import('./consents.tsx')),
  },
  {
    path: 'opt-in',
    name: { ja: 'QRコードで見せる', en: 'Show by QR code' },
    component: lazy(() => import('./opt-in.tsx')),
  },
  { path: 'card', name: { ja: 'カード', en: 'Card' }, component: lazy(() => import('./card.tsx')) },
  {
    path: 'family',
    name: { ja: '家族・代理人', en: 'Family and proxies' },
    component: lazy(() => import('./family.tsx')),
  },
  { path: 'pairing', name: { ja: '他のアプリ', en: 'Other apps' }, component: lazy(() => import('./pairing.tsx')) },
  {
    path: 'download',
    name: { ja: '保存・印刷', en: 'Save and print' },
    component: lazy(() => import('./download.tsx')),
  },
  { path: 'contact', name: { ja: '登録の内容', en: 'My details' }, component: lazy(() => import('./contact.tsx')) },
  { path: 'help', name: { ja: '使い方', en: 'Help' }, component: lazy(() => import('./help.tsx')) },
  { path: 'application', component: lazy(() => import('./application.tsx')) },
  { path: 'parents', component: lazy(() => import('./parents.tsx')) },
  { path: 'leave', component: lazy(() => import('./leave.tsx')) },
];
