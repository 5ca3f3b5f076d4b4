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

/** Thrown where a request is refused. */
export class Refusal extends Error {
  readonly problem: ProblemName;

  /** `detail` says what is wrong and what to do. */
  constructor(problem: ProblemName, detail: string) {
    super(detail);
    this.name = 'Refusal';
    this.problem = problem;
  }
}

/**
 * What to answer to an error that ended a request; `isFault` when it is our own mistake, of which the client is not told
 * the words. Takes `statusCode` of the errors of fastify for what it says.
 */
export function problemOfError(error: unknown, instance: string): { readonly problem: Problem; readonly isFault: boolean } {
  if (error instanceof Refusal) return { problem: problem(error.problem, error.message, instance), isFault: false };
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  const detail = error instanceof Error ? error.message : String(error);
  if (status === 413) return { problem: problem('too-large', detail, instance), isFault: false };
  if (status >= 400 && status < 500) return { problem: problem('malformed-request', detail, instance), isFault: false };
  return { problem: problem('internal-fault', 'The log says more.', instance), isFault: true };
}

/** The whole answer, as HTTP text, to what never became a request; `code` is that of Node.js's `clientError`. */
export function clientErrorAnswer(code: string | undefined): string {
  const answer = clientProblem(code);
  const body = JSON.stringify(answer);
  return `HTTP/1.1 ${answer.status} ${answer.title}\r\nContent-Type: ${problemMediaType}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

/** In ASCII, so that characters are bytes. */
function clientProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return problem('headers-too-large', 'Send fewer or shorter headers.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem('request-timeout', 'Send the whole request at once.');
  return problem('malformed-request', 'This is not HTTP/1.1.');
}
