// What XML 1.0 cannot hold, not even as a character reference: https://www.w3.org/TR/xml/#charsets
const CONTROLS = String.raw`[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]`;
const LONE_SURROGATES = String.raw`[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]`;

export const FORBIDDEN = new RegExp(`${CONTROLS}|${LONE_SURROGATES}`);
export const EVERY_FORBIDDEN = new RegExp(FORBIDDEN, 'g');
