// The face of clinics, pharmacies and care providers.
import { lazy } from 'react';
import type { Page } from '../ui/face.ts';

export const pages: readonly Page[] = [
  {
    path: '',
    name: { ja: '患者を探す', en: 'Find a patient' },
    component: lazy(() => import('./find-patient.tsx')),
  },
  {
    path: 'register',
    name: { ja: '患者の登録', en: 'Register a patient' },
    component: lazy(() => import('./register.tsx')),
    // Who may write Patients (functions/consent/matrix.ts).
    roles: ['doctor', 'dentist'],
  },
  { path: 'patients/$id', title: { ja: 'カルテ', en: 'Chart' }, component: lazy(() => import('./patient.tsx')) },
];
