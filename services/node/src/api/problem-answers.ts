/** Turns whatever goes wrong into one of the problems of the contract. */
import type { Socket } from 'node:net';
import { clientErrorAnswer, problemMediaType, problemOfError } from '@starling/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** `onFault` hears of what is our own mistake. */
export function answerError(onFault: (error: unknown, request: FastifyRequest) => void) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const { problem, isFault } = problemOfError(error, request.url.split('?', 1)[0] ?? '');
    if (isFault) onFault(error, request);
    // As bytes: fastify would add a charset to text, which JSON does not have.
    return reply.code(problem.status).type(problemMediaType).header('cache-control', 'no-store').send(Buffer.from(JSON.stringify(problem)));
  };
}

/** Answers what is not even HTTP, or came too slowly, before any route sees it. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  socket.end(clientErrorAnswer(error.code), () => socket.destroy());
}
