// A letter in a chart: its bytes, and the DocumentReference that leads to them.
interface Made {
  readonly id: string;
}

/** Of a patient of the region behind `store`; `more` goes over the DocumentReference. */
export const storeLetter = async <M extends Made>(
  store: (resource: { resourceType: string }) => Promise<M>,
  patient: string,
  bytes: Buffer,
  more: Readonly<Record<string, unknown>> = {},
): Promise<M> => {
  const reference = `Patient/${patient}`;
  const binary = await store({
    resourceType: 'Binary',
    ...{ contentType: 'text/plain', securityContext: { reference }, data: bytes.toString('base64') },
  });
  const attachment = {
    contentType: 'text/plain',
    url: `Binary/${binary.id}`,
    title: '紹介状',
    creation: '2026-11-01T09:00:00+09:00',
  };
  return store({
    resourceType: 'DocumentReference',
    ...{ status: 'current', subject: { reference }, date: '2026-11-01T00:00:00Z', content: [{ attachment }] },
    ...{ type: { coding: [{ system: 'http://loinc.org', code: '57133-1', display: '紹介状' }] } },
    ...more,
  });
};
