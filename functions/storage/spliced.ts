/** The stored text with what every version has for itself put back in front: `resourceType`, `id`, `meta`. */
export const splice = (type: string, id: string, version: number, lastUpdated: number, stored: string): string => {
  const own = `{"resourceType":"${type}","id":"${id}","meta":{"versionId":"${version}","lastUpdated":"${new Date(lastUpdated).toISOString()}"`;
  const meta = '{"meta":{';
  if (stored.startsWith(meta)) {
    const rest = stored.slice(meta.length);
    return own + (rest.startsWith('}') ? '' : ',') + rest;
  }
  const rest = stored.slice(1);
  return `${own}}${rest === '}' ? '' : ','}${rest}`;
};
