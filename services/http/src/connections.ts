/** Whose connection gives way when a server has too many, and the end of all of them. */
import type { Server, Socket } from 'node:net';
import { whoGivesWay } from './give-way.js';
import { networksOf } from './source.js';

export interface ConnectionBounds {
  /** Connections of which nothing is known. For one more, the oldest one of the largest crowd is closed. */
  readonly maxStrangers: number;
  /** Connections that were admitted: they keep their place, and one more is closed. */
  readonly maxAdmitted: number;
}

interface Stranger {
  readonly socket: Socket;
  readonly networks: readonly string[];
}

/**
 * The TCP connections of one server, those included on which TLS has not begun or that were upgraded: `Server.close`
 * waits for them, and `closeAllConnections` does not know them.
 */
export class Connections {
  readonly #bounds: ConnectionBounds;
  /** Both by their two ends; the oldest first. */
  readonly #strangers = new Map<string, Stranger>();
  readonly #admitted = new Map<string, Socket>();
  #closed = false;

  constructor(server: Server, bounds: ConnectionBounds) {
    this.#bounds = bounds;
    server.on('connection', (socket: Socket) => this.#take(socket));
  }

  /** Gives a connection a place that nobody takes from it. `socket` may be the TLS on top of it. */
  admit(socket: Socket): void {
    const ends = endsOf(socket);
    const stranger = this.#strangers.get(ends)?.socket;
    if (stranger === undefined) return;
    this.#strangers.delete(ends);
    if (this.#admitted.size >= this.#bounds.maxAdmitted) stranger.destroy();
    else this.#admitted.set(ends, stranger);
  }

  closeStrangers(): void {
    for (const { socket } of this.#strangers.values()) socket.destroy();
  }

  /** Closes all, and every one that comes from now on. */
  close(): void {
    this.#closed = true;
    this.closeStrangers();
    for (const socket of this.#admitted.values()) socket.destroy();
  }

  #take(socket: Socket): void {
    // One that has no other end any more is on its way out.
    if (this.#closed || socket.remoteAddress === undefined) return void socket.destroy();
    const ends = endsOf(socket);
    this.#strangers.set(ends, { socket, networks: networksOf(socket.remoteAddress) });
    socket.on('close', () => {
      if (this.#strangers.get(ends)?.socket === socket) this.#strangers.delete(ends);
      if (this.#admitted.get(ends) === socket) this.#admitted.delete(ends);
    });
    if (this.#strangers.size > this.#bounds.maxStrangers) this.#makeRoom();
  }

  #makeRoom(): void {
    const gone = whoGivesWay([...this.#strangers.values()])?.socket;
    if (gone === undefined) return;
    this.#strangers.delete(endsOf(gone));
    gone.destroy();
  }
}

/** What no two connections have in common at the same time. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
