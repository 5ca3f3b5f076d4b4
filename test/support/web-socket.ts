/** What becomes of a WebSocket. */
import type { WebSocket } from 'ws';

/** Code and reason with which the other side closes it. */
export function closedWith(socket: WebSocket): Promise<[number, string]> {
  return new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, reason.toString()])));
}

/** The HTTP status with which the other side refuses to open it. */
export function refusedWith(socket: WebSocket): Promise<number> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0)));
}

/** The next message, out of JSON. */
export function received<T>(socket: WebSocket): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.once('message', (raw: Buffer) => resolve(JSON.parse(raw.toString('utf8')) as T));
    socket.once('error', reject);
  });
}
