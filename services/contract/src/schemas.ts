/**
 * The HTTP and WebSocket contract of a node, also served by the gateway on its own origin. The schemas are the OpenAPI
 * document and the request validation; the types in types.ts are derived from them, so there is nothing to keep in step.
 */
import { absence } from './absence.js';
export { absence };
export * from './gateway-schemas.js';

const nodeId = { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'Public Ed25519 key, 64 lowercase hexadecimal digits' } as const;

const state = { type: 'string', enum: ['alive', 'suspect', 'failed', 'left'], description: 'As judged by the node that answers' } as const;

const values = {
  type: 'object',
  additionalProperties: { type: ['number', 'null'] },
  description: 'Latest value of each metric by its name, in the unit that its definition states; null where the node could not read it',
} as const;

export const metricDefinition = {
  type: 'object',
  required: ['name', 'unit', 'type'],
  additionalProperties: false,
  properties: {
    name: { type: 'string' },
    unit: { type: 'string', description: 'UCUM' },
    type: { type: 'string', enum: ['counter', 'gauge'] },
  },
} as const;

export const node = {
  type: 'object',
  required: ['id', 'name', 'state', 'stateSinceSeconds', 'ageSeconds', 'incarnation', 'sequence', 'hops', 'via', 'values', 'view', 'verified'],
  additionalProperties: false,
  properties: {
    id: nodeId,
    name: { type: 'string', description: 'What the node calls itself; not unique' },
    state,
    stateSinceSeconds: { type: 'number', description: 'How long it has been in this state' },
    ageSeconds: { type: 'number', description: 'Age of the newest record: time spent at each hop and here, without synchronized clocks' },
    incarnation: { type: 'integer' },
    sequence: { type: 'integer' },
    hops: { type: 'integer', description: 'Connections that the newest record crossed; 0 for the answering node itself' },
    via: { anyOf: [nodeId, { type: 'null' }], description: 'The neighbour that brought it first; null for the answering node itself' },
    values,
    view: { type: ['string', 'null'], description: 'Digest of the settled view of that node, 16 hexadecimal digits' },
    verified: { type: 'boolean', description: 'Signature and credential were checked by the answering node; always true for what it holds' },
    absence,
  },
} as const;

export const certificate = {
  type: 'object',
  required: ['fingerprint', 'uri', 'binding', 'notBefore', 'notAfter', 'rootFingerprint'],
  additionalProperties: false,
  properties: {
    fingerprint: { type: 'string', description: 'SHA-256 of the leaf, hexadecimal' },
    uri: { type: 'string' },
    binding: { type: 'string', enum: ['named', 'first-come', 'shared'] },
    notBefore: { type: 'string', format: 'date-time' },
    notAfter: { type: 'string', format: 'date-time' },
    rootFingerprint: { type: 'string', description: 'SHA-256 of the root that it leads to, hexadecimal' },
  },
} as const;

export const nodeDetail = {
  type: 'object',
  required: [...node.required, 'version', 'labels', 'metrics', 'certificate', 'equivocated', 'roots'],
  additionalProperties: false,
  properties: {
    ...node.properties,
    version: { type: 'string' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    metrics: { type: 'array', items: metricDefinition },
    certificate: { anyOf: [certificate, { type: 'null' }] },
    equivocated: { type: 'boolean', description: 'It was proven to have signed two contents under one sequence' },
    roots: { type: 'array', items: { type: 'string' }, description: 'Fingerprints of the roots that it says it trusts' },
  },
} as const;

export const asOf = {
  type: 'object',
  required: ['node', 'name', 'time'],
  additionalProperties: false,
  description: 'Whose view this is, and when it was read',
  properties: { node: nodeId, name: { type: 'string' }, time: { type: 'string', format: 'date-time' } },
} as const;

export const agreement = {
  type: 'object',
  required: ['agreeing', 'total', 'views'],
  additionalProperties: false,
  description: 'How many of the nodes alive share the settled view of this one, and how many different views exist',
  properties: { agreeing: { type: 'integer' }, total: { type: 'integer' }, views: { type: 'integer' } },
} as const;

export const counts = {
  type: 'object',
  required: ['alive', 'suspect', 'failed', 'left'],
  additionalProperties: false,
  properties: { alive: { type: 'integer' }, suspect: { type: 'integer' }, failed: { type: 'integer' }, left: { type: 'integer' } },
} as const;

export const self = {
  type: 'object',
  required: ['asOf', 'cluster', 'version', 'uptimeSeconds', 'sampleIntervalSeconds', 'counts', 'agreement', 'node', 'refused'],
  additionalProperties: false,
  properties: {
    asOf,
    cluster: { type: 'string' },
    version: { type: 'string' },
    uptimeSeconds: { type: 'number' },
    sampleIntervalSeconds: { type: 'number', description: 'Grows in proportion past 1,000 origins' },
    counts,
    agreement,
    node: nodeDetail,
    refused: { type: 'object', additionalProperties: { type: 'integer' }, description: 'Records refused since the start, by reason' },
  },
} as const;

export const nodes = {
  type: 'object',
  required: ['asOf', 'counts', 'agreement', 'nodes'],
  additionalProperties: false,
  properties: { asOf, counts, agreement, nodes: { type: 'array', items: node } },
} as const;

export const nodeAnswer = {
  type: 'object',
  required: ['asOf', 'node'],
  additionalProperties: false,
  properties: { asOf, node: nodeDetail },
} as const;

/** Everything that a third party needs to check the node's word without trusting the node that hands it over. */
export const recordAnswer = {
  type: 'object',
  required: ['asOf', 'id', 'cluster', 'bundles', 'credential', 'equivocation'],
  additionalProperties: false,
  properties: {
    asOf,
    id: nodeId,
    cluster: { type: 'string' },
    bundles: {
      type: 'array',
      description: 'The bundles in force, newest first, exactly as signed (docs/PROTOCOL.md section 4)',
      items: {
        type: 'object',
        required: ['bytes', 'incarnation', 'sequence', 'kinds'],
        additionalProperties: false,
        properties: {
          bytes: { type: 'string', description: 'base64' },
          incarnation: { type: 'integer' },
          sequence: { type: 'integer' },
          kinds: { type: 'array', items: { type: 'integer' } },
        },
      },
    },
    credential: { type: 'string', description: 'base64 (docs/PROTOCOL.md section 3)' },
    equivocation: {
      anyOf: [
        { type: 'null' },
        { type: 'object', required: ['first', 'second'], additionalProperties: false, properties: { first: { type: 'string' }, second: { type: 'string' } } },
      ],
      description: 'Two bundles, base64, that prove misbehaviour',
    },
  },
} as const;

export const peer = {
  type: 'object',
  required: ['id', 'name', 'direction', 'push', 'roundTripSeconds', 'lossRatio', 'connectedSeconds', 'bytesSent', 'bytesReceived'],
  additionalProperties: false,
  description: 'A live connection. Addresses are left out on purpose: they do not spread.',
  properties: {
    id: nodeId,
    name: { type: ['string', 'null'] },
    direction: { type: 'string', enum: ['dialled', 'accepted'] },
    push: { type: 'string', enum: ['eager', 'lazy'], description: 'Side of the broadcast tree' },
    roundTripSeconds: { type: ['number', 'null'], description: 'In whole milliseconds: 0 for less than one; null when it was not measured' },
    lossRatio: { type: ['number', 'null'] },
    connectedSeconds: { type: 'number' },
    bytesSent: { type: 'integer' },
    bytesReceived: { type: 'integer' },
  },
} as const;

export const peers = {
  type: 'object',
  required: ['asOf', 'peers'],
  additionalProperties: false,
  properties: { asOf, peers: { type: 'array', items: peer } },
} as const;

export const timelineEvent = {
  type: 'object',
  required: ['type', 'node', 'name', 'time', 'text'],
  additionalProperties: false,
  properties: {
    type: { type: 'string', enum: ['joined', 'suspect', 'failed', 'left', 'recovered', 'forgotten', 'equivocation', 'certificate', 'refused', 'peer-up', 'peer-down', 'absence'] },
    node: { anyOf: [nodeId, { type: 'null' }] },
    name: { type: ['string', 'null'] },
    time: { type: 'string', format: 'date-time' },
    text: { type: 'string', description: 'One sentence for a person' },
  },
} as const;

/** One record on its way: what the page draws as a light. */
export const arrival = {
  type: 'object',
  required: ['origin', 'via', 'hops'],
  additionalProperties: false,
  properties: { origin: nodeId, via: { anyOf: [nodeId, { type: 'null' }] }, hops: { type: 'integer' } },
} as const;

const frame = { asOf, sequence: { type: 'integer', description: 'Counts up by one per change, and further where one message covers several (a slow or resuming client); name it in `resume` to go on after a drop' }, session: { type: 'string', description: 'Sequences of another session mean nothing' } } as const;

/** First message of a stream, and again whenever a client fell too far behind to be brought up to date by changes. */
export const snapshotMessage = {
  type: 'object',
  required: ['type', 'asOf', 'session', 'sequence', 'cluster', 'sampleIntervalSeconds', 'counts', 'agreement', 'nodes', 'details', 'peers', 'events', 'refused'],
  additionalProperties: false,
  properties: {
    type: { const: 'snapshot' },
    ...frame,
    cluster: { type: 'string' },
    sampleIntervalSeconds: { type: 'number' },
    counts,
    agreement,
    nodes: { type: 'array', items: node },
    details: { type: 'object', additionalProperties: { type: 'object', required: ['version', 'labels', 'metrics', 'certificate', 'equivocated'], additionalProperties: false, properties: { version: nodeDetail.properties.version, labels: nodeDetail.properties.labels, metrics: nodeDetail.properties.metrics, certificate: nodeDetail.properties.certificate, equivocated: nodeDetail.properties.equivocated } }, description: 'By node id: what changes rarely' },
    peers: { type: 'array', items: peer },
    events: { type: 'array', items: timelineEvent, description: 'The recent past, oldest first' },
    refused: self.properties.refused,
  },
} as const;

/** What changed since the last message, the newest of each node only. Sent a few times per second at the most. */
export const changesMessage = {
  type: 'object',
  required: ['type', 'asOf', 'session', 'sequence', 'counts', 'agreement', 'nodes', 'details', 'forgotten', 'peers', 'events', 'arrivals', 'recordsMerged', 'refused'],
  additionalProperties: false,
  properties: {
    type: { const: 'changes' },
    ...frame,
    counts,
    agreement,
    nodes: { type: 'array', items: node, description: 'Nodes with a newer record or another state' },
    details: { ...snapshotMessage.properties.details, description: 'Only of nodes whose details changed' },
    forgotten: { type: 'array', items: nodeId },
    peers: { anyOf: [{ type: 'array', items: peer }, { type: 'null' }], description: 'All of them, or null when nothing about them changed' },
    events: { type: 'array', items: timelineEvent },
    arrivals: { type: 'array', items: arrival, maxItems: 100, description: 'A sample of the records that arrived' },
    recordsMerged: { type: 'integer', description: 'How many arrived since the last message' },
    refused: { anyOf: [self.properties.refused, { type: 'null' }], description: 'Null when unchanged' },
  },
} as const;

/** RFC 9457, as `application/problem+json`. */
export const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  additionalProperties: true,
  properties: {
    type: { type: 'string', description: 'urn:starling:problem:<name>' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and what to do' },
    instance: { type: 'string' },
  },
} as const;
