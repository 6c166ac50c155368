// SOAP 1.2, WS-Addressing and MTOM: what is read, what is refused and how a refusal looks.
import { beforeAll, describe, expect, it } from 'vitest';
import {
  assertRequest,
  parseEnvelope,
  readFault,
  writeEnvelope,
  writeFault,
} from '../../../functions/ihe/soap/envelope.ts';
import { SoapFault } from '../../../functions/ihe/soap/fault.ts';
import { binaryOf, readSoapMessage, writeMtom } from '../../../functions/ihe/soap/mtom.ts';
import { parseXml } from '../../../functions/ihe/xml/parse.ts';
import { element } from '../../../functions/ihe/xml/write.ts';
import { issueAssertion } from '../../../functions/ihe/xua/issue.ts';
import { verifyAssertion } from '../../../functions/ihe/xua/verify.ts';
import { testKey } from './support/certificate.ts';
import { schemaFaults } from './support/schemas.ts';
import { filesBelow, hasVectors, skipped, textAt, unpack } from './support/vectors.ts';

const NOW = Date.parse('2026-11-22T01:00:00Z');
const YEAR = 365 * 86_400_000;
const key = testKey('kesen', NOW - YEAR, NOW + YEAR);
const holder = testKey('holder', NOW - YEAR, NOW + YEAR);
const body = element('b:Ask', { 'xmlns:b': 'urn:b' }, '山');
const message = { action: 'urn:a', messageId: 'urn:uuid:1', to: 'https://t.example/ihe', body };
/** XUA puts HL7's CE into a SAML attribute, and neither SAML's schema nor SOAP's knows HL7's types. */
const faultsOf = (schema: 'soap' | 'saml', xml: string) =>
  schemaFaults(schema, xml).filter((fault) => !fault.includes("'{urn:hl7-org:v3}CE' of the xsi:type attribute"));
const held = (xml: string) => {
  if (hasVectors) expect(faultsOf('soap', xml)).toEqual([]);
  return xml;
};
const envelope = (header: string, content = '<a/>') =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://www.w3.org/2005/08/addressing"><s:Header>${header}</s:Header><s:Body>${content}</s:Body></s:Envelope>`;
const ACTION = '<w:Action>urn:a</w:Action>';
const ID = '<w:MessageID>urn:uuid:1</w:MessageID>';
const SOAP = 'application/soap+xml; charset=UTF-8';

describe(`an envelope${skipped}`, () => {
  it('goes out by its schema and comes back as it was', () => {
    expect(parseEnvelope(held(writeEnvelope(message)))).toMatchObject({
      action: 'urn:a',
      messageId: 'urn:uuid:1',
      to: 'https://t.example/ihe',
      replyTo: 'http://www.w3.org/2005/08/addressing/anonymous',
      relatesTo: undefined,
      body: { name: 'Ask', ns: 'urn:b' },
    });
    expect(parseEnvelope(held(writeEnvelope({ ...message, relatesTo: 'urn:uuid:0' }))).relatesTo).toBe('urn:uuid:0');
  });

  it.each<[string, string, Partial<SoapFault>]>([
    [
      'SOAP 1.1',
      '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
      { code: 'VersionMismatch' },
    ],
    ['no envelope', '<a/>', { code: 'Sender' }],
    ['no action', envelope(''), { subcode: 'wsa:MessageAddressingHeaderRequired' }],
    ['two actions', envelope(ACTION + ACTION), { subcode: 'wsa:InvalidAddressingHeader' }],
    ['an empty Body', envelope(ACTION, ''), { code: 'Sender' }],
    ['two Bodies', envelope(ACTION).replace('</s:Envelope>', '<s:Body><b/></s:Body></s:Envelope>'), { code: 'Sender' }],
    ['two elements in the Body', envelope(ACTION, '<a/><b/>'), { code: 'Sender' }],
    ['a document type', `<!DOCTYPE a>${envelope(ACTION)}`, { code: 'Sender' }],
    [
      'a header that must be understood',
      envelope(`${ACTION}<x:T xmlns:x="urn:x" s:mustUnderstand="true"/>`),
      { code: 'MustUnderstand' },
    ],
    ['another encoding', `<?xml version="1.0" encoding="Shift_JIS"?>${envelope(ACTION)}`, { code: 'Sender' }],
    ['the same as 1', envelope(`${ACTION}<x:T xmlns:x="urn:x" s:mustUnderstand="1"/>`), { code: 'MustUnderstand' }],
  ])('with %s is refused', (_, xml, fault) => {
    expect(() => parseEnvelope(xml)).toThrow(expect.objectContaining(fault));
  });

  it.each<[string, string, string, string]>([
    ['an action of the media type that is another', ID, 'application/soap+xml; action="urn:b"', 'wsa:ActionMismatch'],
    ['no number of its own', '', SOAP, 'wsa:MessageAddressingHeaderRequired'],
    [
      'an answer that is wanted elsewhere',
      `${ID}<w:ReplyTo><w:Address>http://elsewhere.example/</w:Address></w:ReplyTo>`,
      SOAP,
      'wsa:OnlyAnonymousAddressSupported',
    ],
  ])('a request with %s is refused', (_, headers, contentType, subcode) => {
    const read = parseEnvelope(envelope(ACTION + headers));
    expect(() => assertRequest(read, contentType)).toThrow(expect.objectContaining({ code: 'Sender', subcode }));
  });

  it('a request is taken with the anonymous address, and with its own action in the media type or none', () => {
    const anonymous = '<w:ReplyTo><w:Address>http://www.w3.org/2005/08/addressing/anonymous</w:Address></w:ReplyTo>';
    const read = parseEnvelope(envelope(ACTION + ID + anonymous));
    for (const type of [SOAP, `${SOAP}; action="urn:a"`, 'application/soap+xml; action=""'])
      expect(() => assertRequest(read, type)).not.toThrow();
  });

  it('a header that need not be understood, or is for another, is passed over', () => {
    const other = '<x:T xmlns:x="urn:x" s:mustUnderstand="true" s:role="urn:somebody-else"/><x:U xmlns:x="urn:x"/>';
    expect(parseEnvelope(envelope(ACTION + other)).action).toBe('urn:a');
  });

  it('bytes that are not UTF-8 are a fault, not an accident', () => {
    expect(() => parseEnvelope(Buffer.from([0x3c, 0xff]))).toThrow(SoapFault);
  });
});

describe(`a fault${skipped}`, () => {
  it('holds the schema, and says the same to whoever reads it', () => {
    const fault = new SoapFault('Sender', 'assertion refused: it is too old', 'wsse:MessageExpired');
    const read = parseEnvelope(held(writeFault(fault, 'urn:uuid:2', 'urn:uuid:1')));
    expect(read).toMatchObject({ action: 'http://www.w3.org/2005/08/addressing/soap/fault', relatesTo: 'urn:uuid:1' });
    expect(readFault(read.body)).toMatchObject({ code: 'Sender', message: 'assertion refused: it is too old' });
    expect(fault.status).toBe(400);
  });

  it('names the header that was not understood', () => {
    const fault = new SoapFault('MustUnderstand', 'x', undefined, [{ ns: 'urn:x?a=1&b=2', name: 'T' }]);
    expect(parseXml(held(writeFault(fault, 'urn:uuid:2')))).toBeDefined();
    expect(readFault(parseXml('<a/>'))).toBeUndefined();
  });
});

describe(`an assertion in its message${skipped}`, () => {
  const request = {
    issuer: 'urn:i',
    subject: 's',
    subjectName: '山田',
    organization: undefined,
    organizationId: undefined,
    role: { code: 'doctor', codeSystem: '1.2' },
    purposeOfUse: { code: 'TREAT', codeSystem: '2.16.840.1.113883.5.8' },
    homeCommunityId: undefined,
    resourceId: undefined,
    audience: 'urn:t',
    recipient: 'https://t.example/',
    id: 'a1',
    now: NOW,
  };
  const trust = { issuers: { certificatesOf: async () => [key.certificate] }, replay: { firstUse: async () => true } };
  const expected = { audience: 'urn:t', recipient: 'https://t.example/', now: NOW, messageId: '1' };
  let assertion: string;
  beforeAll(async () => {
    assertion = await issueAssertion(request, key);
  });

  it('holds SAML’s schema, bound to a key too', async () => {
    const bound = await issueAssertion({ ...request, holderCertificate: holder.certificate, oneTimeUse: true }, key);
    if (hasVectors) expect([faultsOf('saml', assertion), faultsOf('saml', bound)]).toEqual([[], []]);
  });

  it('is taken out of the security header as it was signed', async () => {
    const read = parseEnvelope(held(writeEnvelope({ ...message, assertion })));
    expect((await verifyAssertion(read.assertion ?? '', expected, trust)).subjectName).toBe('山田');
  });

  it('is believed too when its namespaces are declared further out', async () => {
    const moved = writeEnvelope({
      ...message,
      assertion: assertion.replace(' xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"', ''),
    });
    const outer = moved.replace('<soap:Envelope', '<soap:Envelope xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"');
    expect((await verifyAssertion(parseEnvelope(outer).assertion ?? '', expected, trust)).subject).toBe('s');
  });

  it('two of them are refused', () => {
    expect(() => parseEnvelope(writeEnvelope({ ...message, assertion: assertion + assertion }))).toThrow(
      /more than one assertion/,
    );
  });
});

describe('multipart/related', () => {
  const type = 'multipart/related; type="application/xop+xml"; boundary=B; start="<r>"';
  const part = (id: string, content: string, more = '') =>
    `--B\r\nContent-Type: application/xop+xml\r\nContent-ID: <${id}>${more}\r\n\r\n${content}\r\n`;
  const read = (text: string, contentType = type) => readSoapMessage(contentType, Buffer.from(text, 'latin1'));

  it('finds the root wherever it stands, with or without a preamble', () => {
    const message = read(`preamble\r\n${part('a', 'bytes')}${part('r', '<x/>')}--B--\r\nepilogue`);
    expect(Buffer.from(message.envelope).toString()).toBe('<x/>');
    expect(Buffer.from(message.parts.get('a') ?? []).toString()).toBe('bytes');
  });

  it('decodes base64 parts', () => {
    const message = read(`${part('r', '<x/>')}${part('a', 'QUI=', '\r\nContent-Transfer-Encoding: base64')}--B--`);
    expect(Buffer.from(message.parts.get('a') ?? []).toString()).toBe('AB');
  });

  it.each<[string, string, string?]>([
    ['another media type', '', 'text/xml'],
    ['no boundary', '', 'multipart/related'],
    ['a boundary that does not occur', 'x'],
    ['no end', part('r', '<x/>').slice(0, -2)],
    ['headers without end', `--B\r\nContent-ID: <r>${'x'.repeat(9000)}`],
    ['no root', `${part('a', '<x/>')}--B--`],
    ['one id twice', `${part('r', '<x/>')}${part('a', '1')}${part('a', '2')}--B--`],
    ['an unknown encoding', `${part('r', '<x/>', '\r\nContent-Transfer-Encoding: quoted-printable')}--B--`],
    [
      'a thousand and one parts',
      `${part('r', '<x/>')}${Array.from({ length: 1001 }, (_, at) => part(`a${at}`, '')).join('')}--B--`,
    ],
  ])('with %s is refused', (_, text, contentType = type) => {
    expect(() => read(text, contentType)).toThrow(SoapFault);
  });

  it.each(['http://evil.example/x', 'file:///etc/passwd', 'cid:other', 'cid:%E0%A4%A'])(
    'an include of %s fetches nothing',
    (href) => {
      const include = parseXml(
        `<D xmlns:xop="http://www.w3.org/2004/08/xop/include"><xop:Include href="${href}"/></D>`,
      );
      expect(() => binaryOf(include, new Map([['a', new Uint8Array()]]))).toThrow(/xop:Include/);
    },
  );

  it('takes base64 inline, and refuses what is none', () => {
    expect(Buffer.from(binaryOf(parseXml('<D>\n QUI= \n</D>'), new Map())).toString()).toBe('AB');
    expect(() => binaryOf(parseXml('<D>QUI</D>'), new Map())).toThrow(/base64/);
  });

  it('never takes a boundary that occurs, nor a media type that ends its header', () => {
    const ids = ['root', 'taken', 'free'];
    const content = Buffer.from('--MIMEBoundary_taken');
    const { contentType, body: bytes } = writeMtom(
      '<x/>',
      'urn:a',
      [{ id: 'a', contentType: 'a/b\r\nX-Evil: 1', content }],
      () => ids.shift() ?? 'x',
    );
    expect(contentType).toContain('MIMEBoundary_free');
    expect(Buffer.from(bytes).toString()).not.toContain('X-Evil');
  });
});

it.skipIf(!hasVectors)(`reads every SOAP message of NIST’s that is one${skipped}`, () => {
  const root = unpack('nist-message-samples-half.tar.gz');
  const actions = filesBelow(root, '.xml')
    .filter(({ path }) => /(^|\/)soap-/.test(path) && !path.includes('noaction'))
    .map(({ path }) => parseEnvelope(textAt(root, path)).action);
  expect(actions.length).toBeGreaterThan(5);
  expect(() => parseEnvelope(textAt(root, 'soap-noaction-pnr.xml'))).toThrow(/wsa:Action/);
});
