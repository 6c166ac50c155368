// The SOAP faces of a region of these tests, at its own address: what a community that speaks IHE sees of a region on this software.
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { openContracts } from '../../../functions/federation/contracts.ts';
import { respondingOver } from '../ihe/support/responding.ts';
import { operator } from './ihe-community.ts';
import { desk, later, type Misbehave, type Node, TERMS, time, xuaKey } from './world.ts';

const clock = () => time.now;

/** In the place of the region's other answers. */
export const soapFaces = ({ oid, api, rows, baseUrl, name }: Node): Misbehave => {
  const { services } = api;
  const contracts = openContracts({ rows, clock });
  const handler = respondingOver({ services, contracts, rows, clock, region: { homeCommunityId: oid, baseUrl } });
  return async (request, response, body) => {
    if (!request.url?.startsWith('/ihe/')) return false;
    const event = {
      rawPath: request.url,
      headers: request.headers,
      requestContext: { requestId: `served-by-${name}`, http: { method: 'POST' } },
      isBase64Encoded: true,
      body: body.toString('base64'),
    };
    const result = (await handler(event as never, {} as never)) as APIGatewayProxyStructuredResultV2;
    response.writeHead(result.statusCode ?? 500, result.headers as Record<string, string>);
    response.end(Buffer.from(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8'));
    return true;
  };
};

export const soapProposalOf = (
  { oid, name, baseUrl }: Pick<Node, 'oid' | 'name' | 'baseUrl'>,
  certificates: readonly string[] = [xuaKey().certificate],
  terms: object = TERMS,
) => ({
  protocol: 'ihe',
  community: oid,
  name,
  ihe: {
    discovery: `${baseUrl}/ihe/xcpd`,
    query: `${baseUrl}/ihe/xca/query`,
    retrieve: `${baseUrl}/ihe/xca/retrieve`,
    certificates,
    assigningAuthority: `${oid}.10`,
  },
  agreedOn: '連携協定書 第13号 2026-10-01',
  terms,
});

/** Either side enters the other as a community that speaks IHE; two people of each. */
export const linkBySoap = async (a: Node, b: Node, terms: object = TERMS) => {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const body = soapProposalOf(other, undefined, terms);
    const { status } = await one.call(operator('first'), 'POST', '/federation/contracts', { body });
    if (status !== 201) throw new Error(`a proposal answered ${status}`);
    for (const action of ['approve', 'activate']) await desk(one, action, other);
  }
  later(3_000);
};
