/** Turns whatever goes wrong into one of the problems of the contract. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Problem, type ProblemName, problem, problemMediaType, problems } from '@starling/contract';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** Thrown by a route or a hook that refuses a request. */
export class Refusal extends Error {
  readonly problem: ProblemName;

  /** `detail` says what is wrong and what to do. */
  constructor(problem: ProblemName, detail: string) {
    super(detail);
    this.name = 'Refusal';
    this.problem = problem;
  }
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, name: ProblemName, detail: string): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? request.url;
  return reply.code(problems[name].status).type(problemMediaType).send(Buffer.from(JSON.stringify(problem(name, detail, path))));
}

/** `onFault` hears of what is our own mistake; the client is not told its words. */
export function answerError(onFault: (error: Error, request: FastifyRequest) => void) {
  return (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof Refusal) return sendProblem(request, reply, error.problem, error.message);
    const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
    if (status === 413) return sendProblem(request, reply, 'too-large', error.message);
    if (status >= 400 && status < 500) return sendProblem(request, reply, 'malformed-request', error.message);
    onFault(error, request);
    return sendProblem(request, reply, 'internal-fault', 'The log of the node says more.');
  };
}

/** Answers what is not even HTTP, or came too slowly, before any route sees it. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const answer = clientProblem(error.code);
  const body = JSON.stringify(answer);
  const head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\nContent-Type: ${problemMediaType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + body, () => socket.destroy());
}

function clientProblem(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return problem('headers-too-large', 'Send fewer or shorter headers.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem('request-timeout', 'Send the whole request at once.');
  return problem('malformed-request', 'This is not HTTP/1.1.');
}
