// The face of the region's offices: administrators, the operator's secretariat, municipal desks, the privacy officer. Each role has
// its own pages; nobody here sees clinical data.
import { lazy } from 'react';
import type { Page } from '../ui/face.ts';

const OFFICE = ['admin', 'operator', 'privacy'] as const;
const DESK = ['municipal', 'operator'] as const;
const PRIVACY = ['privacy'] as const;

export const pages: readonly Page[] = [
  { path: '', name: { ja: 'はじめに', en: 'Start' }, component: lazy(() => import('./home.tsx')) },
  {
    path: 'people',
    name: { ja: '参加登録', en: 'Enrolment' },
    roles: DESK,
    component: lazy(() => import('./people.tsx')),
  },
  { path: 'people/new', roles: DESK, component: lazy(() => import('./enrol.tsx')) },
  { path: 'people/$person', roles: DESK, component: lazy(() => import('./person.tsx')) },
  {
    path: 'applications',
    name: { ja: '参加の申請', en: 'Applications' },
    roles: DESK,
    component: lazy(() => import('./applications.tsx')),
  },
  { path: 'applications/$receipt', roles: DESK, component: lazy(() => import('./application.tsx')) },
  {
    path: 'identity',
    name: { ja: '名寄せの確認', en: 'Identity review' },
    roles: DESK,
    component: lazy(() => import('./identity.tsx')),
  },
  { path: 'identity/$pair', roles: DESK, component: lazy(() => import('./identity-pair.tsx')) },
  { path: 'identity/patients/$patient', roles: DESK, component: lazy(() => import('./identity-person.tsx')) },
  {
    path: 'facilities',
    name: { ja: '施設', en: 'Facilities' },
    roles: OFFICE,
    component: lazy(() => import('./facilities.tsx')),
  },
  { path: 'facilities/$code', roles: OFFICE, component: lazy(() => import('./facility.tsx')) },
  { path: 'staff', name: { ja: '職員', en: 'Staff' }, roles: OFFICE, component: lazy(() => import('./staff.tsx')) },
  { path: 'staff/$id', roles: OFFICE, component: lazy(() => import('./staff-member.tsx')) },
  {
    path: 'systems',
    name: { ja: 'システム', en: 'Systems' },
    roles: OFFICE,
    component: lazy(() => import('./systems.tsx')),
  },
  { path: 'systems/$clientId', roles: OFFICE, component: lazy(() => import('./system.tsx')) },
  {
    path: 'contracts',
    name: { ja: '他地域との連携', en: 'Other regions' },
    roles: ['admin', 'operator'],
    component: lazy(() => import('./contracts.tsx')),
  },
  { path: 'contracts/$community', roles: ['admin', 'operator'], component: lazy(() => import('./contract.tsx')) },
  {
    path: 'import',
    name: { ja: '一括登録（CSV）', en: 'Lists (CSV)' },
    roles: ['admin'],
    component: lazy(() => import('./import.tsx')),
  },
  {
    path: 'matrix',
    name: { ja: '役割と情報の範囲', en: 'Roles and data' },
    roles: OFFICE,
    component: lazy(() => import('./matrix.tsx')),
  },
  {
    path: 'review',
    name: { ja: 'アカウントの棚卸し', en: 'Access review' },
    roles: ['admin', 'privacy'],
    component: lazy(() => import('./access-review.tsx')),
  },
  {
    path: 'usage',
    name: { ja: '使用量と費用', en: 'Usage and cost' },
    roles: ['admin', 'operator', 'municipal'],
    component: lazy(() => import('./usage.tsx')),
  },
  { path: 'progress', name: { ja: '参加率', en: 'Progress' }, component: lazy(() => import('./progress.tsx')) },
  {
    path: 'audit',
    name: { ja: 'アクセス記録の検索', en: 'Audit search' },
    roles: PRIVACY,
    component: lazy(() => import('./audit.tsx')),
  },
  {
    path: 'unusual',
    name: { ja: '通常と異なる閲覧', en: 'Unusual reading' },
    roles: PRIVACY,
    component: lazy(() => import('./unusual.tsx')),
  },
  {
    path: 'break-glass',
    name: { ja: '緊急時閲覧の確認', en: 'Break-glass review' },
    roles: PRIVACY,
    component: lazy(() => import('./break-glass.tsx')),
  },
  { path: 'break-glass/$id', roles: PRIVACY, component: lazy(() => import('./break-glass-case.tsx')) },
  {
    path: 'leak',
    name: { ja: '漏えい等の報告', en: 'Leak report' },
    roles: PRIVACY,
    component: lazy(() => import('./leak.tsx')),
  },
];
