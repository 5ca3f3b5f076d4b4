/** The connections that carry gossip right now. */
import type { Peer } from '@starling/contract';
import type { ConnectionId, Event, NodeId, Now } from '@starling/gossip';

/** What the transport knows of a connection. */
export interface ConnectionFigures {
  /** 0 for less than one; null when it was not measured. */
  readonly roundTripMs: number | null;
  readonly packetsSent: number;
  readonly packetsLost: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

interface Connection {
  readonly peer: NodeId;
  readonly direction: 'dialled' | 'accepted';
  readonly sinceMs: number;
  push: 'eager' | 'lazy';
}

export class PeerList {
  readonly #connections = new Map<ConnectionId, Connection>();

  /** Returns whether the list changed. A link begins lazy (docs/PROTOCOL.md 7.5). */
  onEvent(event: Extract<Event, { type: 'peer-up' | 'peer-down' | 'peer-push-changed' }>, now: Now): boolean {
    switch (event.type) {
      case 'peer-up':
        this.#connections.set(event.connection, { peer: event.peer, direction: event.direction, sinceMs: now.monotonicMs, push: 'lazy' });
        return true;
      case 'peer-down':
        return this.#connections.delete(event.connection);
      case 'peer-push-changed': {
        const connection = this.#connections.get(event.connection);
        if (connection === undefined) return false;
        connection.push = event.push;
        return true;
      }
    }
  }

  /** `figuresOf` is null for a connection that the transport no longer knows. */
  list(now: Now, nameOf: (id: NodeId) => string | null, figuresOf: (connection: ConnectionId) => ConnectionFigures | null): Peer[] {
    return [...this.#connections].map(([id, connection]) => {
      const figures = figuresOf(id);
      return {
        id: connection.peer,
        name: nameOf(connection.peer),
        direction: connection.direction,
        push: connection.push,
        roundTripSeconds: figures === null || figures.roundTripMs === null ? null : figures.roundTripMs / 1_000,
        lossRatio: figures === null || figures.packetsSent === 0 ? null : figures.packetsLost / figures.packetsSent,
        connectedSeconds: Math.max(0, Math.round(now.monotonicMs - connection.sinceMs)) / 1_000,
        bytesSent: figures?.bytesSent ?? 0,
        bytesReceived: figures?.bytesReceived ?? 0,
      };
    });
  }
}
