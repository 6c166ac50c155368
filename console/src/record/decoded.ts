// Bytes of a text as their writer meant them: older Japanese documents are in Shift_JIS, EUC-JP or ISO-2022-JP and say so.

/** Of a byte order mark, the media type (RFC 2046, 4.1.2), the XML declaration (https://www.w3.org/TR/xml/#sec-guessing); else UTF-8. */
const charsetOf = (bytes: Uint8Array, contentType: string): string => {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  return (
    /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1] ??
    /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)/.exec(head)?.[1] ??
    'utf-8'
  );
};

export const decoded = (bytes: Uint8Array, contentType: string): string => {
  try {
    return new TextDecoder(charsetOf(bytes, contentType)).decode(bytes);
  } catch {
    // A name that nobody knows.
    return new TextDecoder().decode(bytes);
  }
};
