// Documents of all kinds that a chart may hold; the hostile ones try to run something of their own.
import { deflateSync } from 'node:zlib';

/** A PDF with a correct cross-reference table: ISO 32000-1, 7.5. */
const pdfOf = (objects: readonly (string | Buffer)[]): Buffer => {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const places: number[] = [];
  let at = parts[0]!.length;
  for (const [index, object] of objects.entries()) {
    const part = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n')]);
    places.push(at);
    parts.push(part);
    at += part.length;
  }
  const rows = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
};

const PAGE =
  '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>';
const PAGES = '<< /Type /Pages /Kids [3 0 R] /Count 1 >>';
const SAYS = 'BT /F 24 Tf 20 100 Td (Referral) Tj ET';
const CONTENT = `<< /Length ${SAYS.length} >>\nstream\n${SAYS}\nendstream`;
const ALERT = "<< /S /JavaScript /JS (app.alert\\('run'\\)) >>";

/** An object stream, which holds objects deflated: 7.5.7. */
const objectStream = (object: string, more = '', filter = '/Filter /FlateDecode'): Buffer => {
  const inner = `5 0 ${object}`;
  const bytes = filter === '' ? Buffer.from(inner) : deflateSync(Buffer.from(inner));
  return Buffer.concat([
    Buffer.from(`<< /Type /ObjStm /N 1 /First 4 ${filter} ${more} /Length ${bytes.length} >>\nstream\n`),
    bytes,
    Buffer.from('\nendstream'),
  ]);
};

export const PDFS = {
  plain: pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', PAGES, PAGE, CONTENT]),
  withPlainObjectStream: pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', PAGES, PAGE, CONTENT, objectStream('<< /A 1 >>')]),
  onOpening: pdfOf([`<< /Type /Catalog /Pages 2 0 R /OpenAction ${ALERT} >>`, PAGES, PAGE, CONTENT]),
  escaped: pdfOf([
    `<< /Type /Catalog /Pages 2 0 R /OpenAction ${ALERT.replace('/JavaScript', '/Java#53cript')} >>`,
    PAGES,
    PAGE,
    CONTENT,
  ]),
  inObjectStream: pdfOf([
    '<< /Type /Catalog /Pages 2 0 R /OpenAction 5 0 R >>',
    PAGES,
    PAGE,
    CONTENT,
    objectStream(ALERT),
  ]),
  inPlainObjectStream: pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', PAGES, PAGE, CONTENT, objectStream(ALERT, '', '')]),
  predicted: pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    PAGES,
    PAGE,
    CONTENT,
    objectStream('<< /A 1 >>', '/DecodeParms << /Predictor 12 /Columns 4 >>'),
  ]),
  otherFilter: pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    PAGES,
    PAGE,
    CONTENT,
    objectStream('<< /A 1 >>', '', '/Filter [/ASCIIHexDecode /FlateDecode]'),
  ]),
  hiddenByComment: pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    PAGES,
    PAGE,
    CONTENT,
    objectStream('<< /A 1 >>', '', '/DecodeParms << /Predictor 12 >> % 9 0 obj <<\n/Filter /FlateDecode'),
  ]),
  hiddenByString: pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    PAGES,
    PAGE,
    CONTENT,
    Buffer.concat([
      Buffer.from('<< /DecodeParms << /Predictor 12 >> /X (\n9 0 obj <<) '),
      objectStream('<< /A 1 >>').subarray('<<'.length),
    ]),
  ]),
  encrypted: pdfOf([
    '<< /Type /Catalog /Pages 2 0 R /Encrypt << /Filter /Standard >> >>',
    PAGES,
    PAGE,
    CONTENT,
    objectStream('<< /A 1 >>'),
  ]),
} as const;

const RUN = "top.ran = true; fetch('/ran'); alert('ran')";

export const HOSTILE = {
  svg: `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="200" height="80" onload="${RUN}">
    <script>${RUN}</script><image href="/ran" width="1" height="1"/>
    <foreignObject width="200" height="80"><iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:${RUN}"/></foreignObject>
    <rect width="200" height="80" fill="#ddd"/><text x="10" y="40">ECG</text></svg>`,
  cda: `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="/ran.xsl"?>
    <ClinicalDocument xmlns="urn:hl7-org:v3"><title>紹介状</title><component><structuredBody><component><section><title>主訴</title>
    <text><html:script xmlns:html="http://www.w3.org/1999/xhtml">${RUN}</html:script>
    <html:img xmlns:html="http://www.w3.org/1999/xhtml" src="/ran" onerror="${RUN}"/>
    <paragraph onclick="${RUN}">胸痛 &lt;img src=x onerror="${RUN}"&gt;</paragraph>
    <renderMultiMedia referencedObject="javascript:${RUN}"/></text></section></component></structuredBody></component></ClinicalDocument>`,
  html: `<p>経過良好</p><script>${RUN}</script><img src="/ran" onerror="${RUN}"><iframe srcdoc="<script>${RUN}</script>"></iframe>`,
  narrative: `<div xmlns="http://www.w3.org/1999/xhtml"><p>退院後は安定</p><img src="/ran" onerror="${RUN}"/><script>${RUN}</script></div>`,
} as const;

/** A CDA whose body is a file: what many hospitals send as 診療情報提供書. */
export const cdaAround = (type: string, bytes: Buffer): string =>
  `<ClinicalDocument xmlns="urn:hl7-org:v3"><title>紹介状（画像）</title><component><nonXMLBody>
  <text mediaType="${type}" representation="B64">${bytes.toString('base64')}</text></nonXMLBody></component></ClinicalDocument>`;

/** One blue pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** 診察所見: 経過良好, as an old system writes it. */
export const SHIFT_JIS = Buffer.from([0x8c, 0x6f, 0x89, 0xdf, 0x97, 0xc7, 0x8d, 0x44]);

export const fhirDocument = {
  resourceType: 'Bundle',
  type: 'document',
  entry: [
    {
      fullUrl: 'urn:uuid:1',
      resource: {
        resourceType: 'Composition',
        status: 'final',
        title: '退院時サマリー',
        section: [
          { title: '経過', text: { status: 'generated', div: HOSTILE.narrative } },
          { title: '病名', entry: [{ reference: 'urn:uuid:2' }] },
        ],
      },
    },
    { fullUrl: 'urn:uuid:2', resource: { resourceType: 'Condition', code: { text: '急性虫垂炎' } } },
  ],
} as const;
