/** Which upgrades a server takes: a WebSocket where the stream is, and nothing else anywhere. */
import http from 'node:http';
import type { Socket } from 'node:net';

/**
 * A server that listens nowhere and has, as its `upgrade` events, those of `server` that ask for a WebSocket at
 * `streamPath`. Every other offer is passed over, as RFC 9110, 7.8 allows, and its request answered like any: a client
 * that offers HTTP/2 in plain text means to read the page.
 */
export function streamUpgrades(server: http.Server, streamPath: string): http.Server {
  const upgrades = http.createServer();
  server.on('upgrade', (request, socket: Socket, head) => {
    const isStream = request.method === 'GET' && request.url?.split('?', 1)[0] === streamPath && request.headers.upgrade?.toLowerCase() === 'websocket';
    if (!isStream) answerPlainly(server, request, socket);
    else if (!upgrades.emit('upgrade', request, socket, head)) socket.destroy();
  });
  return upgrades;
}

/** Node.js has given the connection away with the event and looks after it no longer, so this answer is its last. */
function answerPlainly(server: http.Server, request: http.IncomingMessage, socket: Socket): void {
  const response = new http.ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  socket.on('error', () => socket.destroy());
  socket.on('timeout', () => socket.destroy());
  socket.on('drain', () => response.emit('drain'));
  response.on('finish', () => socket.end(() => socket.destroy()));
  server.emit('request', request, response);
}
