// Code systems of electrocardiogram findings: name in the guide, OID below 1.2.392.200119.5.2.
export const HEART_INTERPRETATIONS = [
  ['ECAPS', '3.3.1'],
  ['MINNESOTA1987_NK', '3.3.2.1'],
  ['MINNESOTA2005_NK', '3.3.2.2'],
  ['FKD_GRADE', '4.1.1.1'],
  ['FKD_INTER', '4.1.1.2'],
  ['MINESOTA_CODE', '4.1.1.3'],
] as const;
