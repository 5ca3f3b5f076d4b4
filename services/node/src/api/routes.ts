/** The paths of a node, exactly as the contract has them. */
import { Refusal, paths, schemas } from '@starling/contract';
import type { JsonSchemaToTsProvider } from '@fastify/type-provider-json-schema-to-ts';
import type { Connections } from '@starling/http';
import type { FastifyInstance } from 'fastify';
import type { ApiSource } from './api-source.js';
import type { Resume, Streams } from './streams.js';

export interface RouteParts {
  readonly source: ApiSource;
  readonly streams: Streams;
  readonly connections: Connections;
  readonly cluster: string;
  readonly version: string;
  /** Since the API was opened, seconds. */
  readonly uptimeSeconds: () => number;
}

const nodeParams = { type: 'object', required: ['id'], properties: { id: schemas.node.properties.id } } as const;
const streamQuery = {
  type: 'object',
  properties: { resume: { type: 'string', pattern: '^[0-9a-f]{16}:[0-9]{1,15}$', description: '<session>:<sequence> of the last message that came before a drop' } },
} as const;
/** Every answer of a problem is described alike, and is written by sendProblem, not by a serializer. */
const problemAnswers = { '4xx': { description: 'RFC 9457', content: { 'application/problem+json': { schema: schemas.problem } } } } as const;
/** Fastify offers HEAD by itself; these are answered with 405. */
const otherMethods = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export function addRoutes(app: FastifyInstance, parts: RouteParts): void {
  addNodeRoutes(app, parts);
  addStreamRoute(app, parts);
  app.get(paths.openapi, { schema: { hide: true } }, () => app.swagger());
  const all = [paths.self, paths.nodes, paths.node(':id'), paths.record(':id'), paths.peers, paths.stream, paths.openapi];
  for (const url of all) {
    app.route({
      method: otherMethods,
      url,
      schema: { hide: true },
      onRequest: (_request, reply) => {
        void reply.header('allow', 'GET, HEAD');
        return Promise.reject(new Refusal('method-not-allowed', 'The API is for reading: use GET.'));
      },
      handler: () => Promise.resolve(),
    });
  }
}

function addNodeRoutes(app: FastifyInstance, { source, cluster, version, uptimeSeconds }: RouteParts): void {
  const typed = app.withTypeProvider<JsonSchemaToTsProvider>();

  typed.get(paths.self, { schema: { summary: 'This node and its view in figures', response: { 200: schemas.self, ...problemAnswers } } }, () => ({
    asOf: source.asOf(),
    cluster,
    version,
    uptimeSeconds: uptimeSeconds(),
    sampleIntervalSeconds: source.sampleIntervalSeconds(),
    counts: source.counts(),
    agreement: source.agreement(),
    node: source.self(),
    refused: source.refused(),
  }));

  typed.get(paths.nodes, { schema: { summary: 'Every node, as this one sees it', response: { 200: schemas.nodes, ...problemAnswers } } }, () => ({
    asOf: source.asOf(),
    counts: source.counts(),
    agreement: source.agreement(),
    nodes: source.nodes(),
  }));

  typed.get(paths.node(':id'), { schema: { summary: 'One node in full', params: nodeParams, response: { 200: schemas.nodeAnswer, ...problemAnswers } } }, (request) => {
    const node = source.detail(request.params.id);
    if (node === null) throw unknownNode(request.params.id);
    return { asOf: source.asOf(), node };
  });

  typed.get(paths.record(':id'), { schema: { summary: 'What proves the word of a node', params: nodeParams, response: { 200: schemas.recordAnswer, ...problemAnswers } } }, (request) => {
    const proof = source.proof(request.params.id);
    if (proof === null) throw unknownNode(request.params.id);
    return { asOf: source.asOf(), id: request.params.id, cluster, ...proof };
  });

  typed.get(paths.peers, { schema: { summary: 'Live connections of this node', response: { 200: schemas.peers, ...problemAnswers } } }, () => ({ asOf: source.asOf(), peers: source.peers() }));
}

function addStreamRoute(app: FastifyInstance, { streams, connections }: RouteParts): void {
  const typed = app.withTypeProvider<JsonSchemaToTsProvider>();
  typed.route({
    method: 'GET',
    url: paths.stream,
    schema: { querystring: streamQuery },
    preHandler: (request, _reply, done) => {
      if (!request.ws) return done(new Refusal('upgrade-required', 'Open this path as a WebSocket.'));
      done(streams.isFull ? new Refusal('too-many-streams', 'Close a stream that nobody looks at, or ask another node.') : undefined);
    },
    handler: () => Promise.resolve(),
    wsHandler: (socket, request) => {
      // In plain HTTP a client is known by nothing else.
      connections.admit(request.raw.socket);
      streams.accept(socket, resumeOf(request.query));
    },
  });
}

/** The schema has checked the form. */
function resumeOf(query: unknown): Resume | null {
  const text = (query as { readonly resume?: string }).resume;
  if (text === undefined) return null;
  const [session = '', sequence = ''] = text.split(':');
  return { session, sequence: Number(sequence) };
}

function unknownNode(id: string): Refusal {
  return new Refusal('unknown-node', `This node knows no node ${id}: it never met it, or has forgotten it since it left or failed.`);
}
