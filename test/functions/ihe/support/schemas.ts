// The official schemas (../shared/data/ihe/ipf-schemas.tar.gz), held against what we send by libxml2.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';
import { unpack } from './vectors.ts';

const V3 = 'schemas/commons/ihe/hl7v3/src/main/resources/schema';
const SCHEMAS = {
  soap: `${V3}/soap-1.2-envelope.xsd`,
  query: 'schemas/commons/ihe/xds/src/main/resources/wsdl/schema/ebRS30/query.xsd',
  xdsb: 'schemas/commons/ihe/xds/src/main/resources/wsdl/schema/IHE/IHEXDSB.xsd',
  saml: 'schemas/commons/ihe/xacml20/src/main/resources/schema/sstc-saml-schema-assertion-2.0.xsd',
} as const;

const open = new Map<string, XsdValidator>();
let root: string | undefined;

const validator = (path: string): XsdValidator => {
  const known = open.get(path);
  if (known) return known;
  if (root === undefined) {
    root = unpack('ipf-schemas.tar.gz');
    xmlRegisterFsInputProviders();
    oneFilePerNamespace(join(root, SCHEMAS.xdsb));
  }
  const file = join(root, path);
  const made = XsdValidator.fromDoc(XmlDocument.fromBuffer(readFileSync(file), { url: file }));
  open.set(path, made);
  return made;
};

/** libxml2 imports one file for a namespace; IPF's rim.xsd imports another of the very namespace that this one defines. */
const oneFilePerNamespace = (file: string): void => {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('<xs:import', '<xs:include schemaLocation="xcf.xsd"/><xs:import'));
};

const faults = (path: string, xml: string): string[] => {
  const document = XmlDocument.fromString(xml);
  try {
    validator(path).validate(document);
    return [];
  } catch (fault) {
    return String((fault as Error).message)
      .split('\n')
      .filter(Boolean);
  } finally {
    document.dispose();
  }
};

/** What the schema of an HL7 v3 interaction finds wrong with a message. */
export const v3Faults = (interaction: string, xml: string): string[] =>
  faults(`${V3}/HL7V3/NE2008/multicacheschemas/${interaction}.xsd`, xml);

export const schemaFaults = (name: keyof typeof SCHEMAS, xml: string): string[] => faults(SCHEMAS[name], xml);
