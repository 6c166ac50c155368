export const FHIR_1 = `x`;
