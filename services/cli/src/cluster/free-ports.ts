/** Ports of the loopback address that are free now, and that no outgoing connection gets by chance before they are used. */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { CommandError } from '../usage.js';

/** Below those that Linux gives to outgoing connections; random, so that two clusters do not meet. */
const range = { first: 20_000, end: 32_000 } as const;
const maxTries = 2_000;

/** Gives the port back; null in its place when the port cannot be had. */
type Release = () => Promise<void>;

export function freeTcpPorts(count: number): Promise<number[]> {
  return freePorts(count, async (port) => {
    const server = createServer();
    const isHeld = await new Promise<boolean>((resolve) => server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
    return isHeld ? () => new Promise((resolve) => server.close(() => resolve())) : null;
  });
}

export function freeUdpPorts(count: number): Promise<number[]> {
  return freePorts(count, async (port) => {
    const socket = createSocket('udp4');
    const isHeld = await new Promise<boolean>((resolve) => socket.once('error', () => resolve(false)).bind(port, '127.0.0.1', () => resolve(true)));
    const release: Release = () => new Promise((resolve) => socket.close(() => resolve()));
    if (isHeld) return release;
    await release();
    return null;
  });
}

/** Holds all of them until it has enough. */
async function freePorts(count: number, hold: (port: number) => Promise<Release | null>): Promise<number[]> {
  const held = new Map<number, Release>();
  for (let tries = 0; held.size < count && tries < maxTries; tries++) {
    const port = randomInt(range.first, range.end);
    const release = held.has(port) ? null : await hold(port);
    if (release !== null) held.set(port, release);
  }
  await Promise.all([...held.values()].map((release) => release()));
  if (held.size < count) throw new CommandError(`Among the ports ${range.first} to ${range.end - 1} of 127.0.0.1 no ${count} are free. Stop what uses them (ss -lnp).`);
  return [...held.keys()];
}

/** Null when this port of the loopback address can be had, otherwise the system's error code. */
export async function portFault(port: number): Promise<string | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(null)));
  });
}
