/** The paths of a node on the gateway's own origin: only those of the contract, only GET, to one of the targets. */
import { Refusal, paths, problemMediaType, schemas } from '@starling/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Target, reasonOf } from './target.js';

export interface ProxyParts {
  /** @throws Refusal for a name that is no target. */
  readonly targetOf: (request: FastifyRequest) => Target;
}

const nodeParams = { type: 'object', required: ['id'], properties: { id: schemas.node.properties.id } } as const;
const json = 'application/json; charset=utf-8';

export function addProxy(app: FastifyInstance, { targetOf }: ProxyParts): void {
  for (const path of [paths.self, paths.nodes, paths.peers, paths.openapi]) {
    app.get(path, (request, reply) => pass(targetOf(request), path, reply));
  }
  for (const pathOf of [paths.node, paths.record]) {
    app.get<{ Params: { id: string } }>(pathOf(':id'), { schema: { params: nodeParams } }, (request, reply) => pass(targetOf(request), pathOf(request.params.id), reply));
  }
}

async function pass(target: Target, path: string, reply: FastifyReply): Promise<FastifyReply> {
  const answer = await target.ask(path).catch((error: Error) => {
    throw new Refusal('node-away', `${target.name}: ${reasonOf(error)}`);
  });
  const status = answer.statusCode ?? 0;
  // What the node could not find or read is the page's affair; everything else is between the gateway and the node.
  if (status !== 200 && status !== 400 && status !== 404) {
    answer.destroy();
    throw new Refusal('node-away', status === 403 ? `${target.name} refuses the certificate of this gateway. Give the gateway one of this cluster.` : `${target.name} answered with status ${status}.`);
  }
  return reply.code(status).type(status === 200 ? json : problemMediaType).header('cache-control', 'no-store').send(answer);
}
