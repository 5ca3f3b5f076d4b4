/** Every problem that a node or the gateway answers with (RFC 9457); nothing else leaves them as an error. */
import type { Problem } from './types.js';

export const problems = {
  'malformed-request': { status: 400, title: 'The request is malformed' },
  'certificate-refused': { status: 403, title: 'The client certificate does not belong here' },
  'foreign-host': { status: 403, title: 'The host name is not one of ours' },
  'foreign-origin': { status: 403, title: 'Another site asked' },
  'unknown-path': { status: 404, title: 'There is nothing at this path' },
  'unknown-node': { status: 404, title: 'The node is not known' },
  'unknown-target': { status: 404, title: 'The gateway knows no such target' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'too-large': { status: 413, title: 'The request is too large' },
  'upgrade-required': { status: 426, title: 'The stream is a WebSocket' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'internal-fault': { status: 500, title: 'The request failed on our side' },
  'node-away': { status: 502, title: 'The node could not be reached' },
  'too-many-streams': { status: 503, title: 'Too many streams are open' },
} as const;

export type ProblemName = keyof typeof problems;

/** `detail` says what is wrong and what to do; `instance` is the path that was asked for. */
export function problem(name: ProblemName, detail: string, instance?: string): Problem {
  const { status, title } = problems[name];
  return { type: `urn:starling:problem:${name}`, title, status, detail, ...(instance === undefined ? {} : { instance }) };
}

export const problemMediaType = 'application/problem+json';
