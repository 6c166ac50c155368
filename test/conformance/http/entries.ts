/** An entry that creates: what the tests of transactions and batches are made of. */
export const post = (resource: unknown, more: Record<string, unknown> = {}, request: Record<string, unknown> = {}) => ({
  ...more,
  resource,
  request: { method: 'POST', url: (resource as { resourceType: string }).resourceType, ...request },
});

export const UUID = 'urn:uuid:11111111-1111-4111-8111-111111111111';
export const OTHER = 'urn:uuid:22222222-2222-4222-8222-222222222222';
