/** A UDP relay between a dialler and one target that loses, repeats and reorders packets by a seed. */
import { createSocket, type Socket } from 'node:dgram';
import { seededRandom } from '@starling/gossip';

export interface RelayFaults {
  /** Of packets, each way, from 0 to 1. */
  readonly loss?: number;
  readonly duplication?: number;
  /** A packet changes places with the next one of its direction. */
  readonly reordering?: number;
}

export interface Relay {
  /** Dial this instead of the target. */
  readonly address: string;
  /** Packets that passed, were lost, were repeated, changed places. */
  readonly seen: { passed: number; lost: number; repeated: number; reordered: number };
  close(): Promise<void>;
}

export async function openRelay(target: string, faults: RelayFaults = {}, seed = 1): Promise<Relay> {
  const random = seededRandom(seed);
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const targetPort = Number(target.split(':')[1]);
  let diallerPort = 0;
  const held = new Map<number, Buffer>();
  const relay: Relay = { address: `127.0.0.1:${socket.address().port}`, seen: { passed: 0, lost: 0, repeated: 0, reordered: 0 }, close: () => closed(socket) };
  const happens = (share = 0) => random() < share;
  const pass = (bytes: Buffer, port: number) => {
    relay.seen.passed += 1;
    socket.send(bytes, port, '127.0.0.1');
  };
  socket.on('message', (bytes, from) => {
    if (from.port !== targetPort) diallerPort = from.port;
    const port = from.port === targetPort ? diallerPort : targetPort;
    if (happens(faults.loss)) {
      relay.seen.lost += 1;
      return;
    }
    const waiting = held.get(port);
    if (waiting === undefined && happens(faults.reordering)) {
      held.set(port, bytes);
      return;
    }
    pass(bytes, port);
    if (happens(faults.duplication)) {
      relay.seen.repeated += 1;
      pass(bytes, port);
    }
    if (waiting === undefined) return;
    held.delete(port);
    relay.seen.reordered += 1;
    pass(waiting, port);
  });
  return relay;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
