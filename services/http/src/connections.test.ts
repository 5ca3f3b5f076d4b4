import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.js';
import { Connections } from './connections.js';

const host = '127.0.0.1';
let server: net.Server;
let connections: Connections;
/** The server's ends, in the order in which they came. */
let taken: net.Socket[];
let clients: net.Socket[];

/** Another loopback address is another source. */
async function connect(localAddress = host): Promise<net.Socket> {
  const before = taken.length;
  const client = net.connect({ port: (server.address() as net.AddressInfo).port, host, localAddress });
  client.on('error', () => undefined).resume();
  clients.push(client);
  await eventually('the connection to be taken', () => taken.length > before);
  return client;
}

const openOnes = () => taken.flatMap((socket, i) => (socket.destroyed ? [] : [i]));

beforeEach(async () => {
  [taken, clients] = [[], []];
  server = net.createServer((socket) => taken.push(socket.on('error', () => undefined)));
  connections = new Connections(server, { maxStrangers: 3, maxAdmitted: 2 });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

describe('when there are too many connections', () => {
  it('the oldest one gives way, and not the newest', async () => {
    for (let i = 0; i < 5; i++) await connect();
    expect(openOnes()).toEqual([2, 3, 4]);
  });

  it('nobody gives way to a source that has more', async () => {
    await connect('127.0.0.2');
    for (let i = 0; i < 5; i++) await connect('127.0.0.3');
    expect(openOnes()).toEqual([0, 4, 5]);
  });

  it('who was admitted keeps its place, up to a bound', async () => {
    for (let i = 0; i < 3; i++) await connect();
    for (const socket of taken.slice(0, 3)) connections.admit(socket);
    expect(openOnes()).toEqual([0, 1]);
    for (let i = 0; i < 4; i++) await connect();
    expect(openOnes()).toEqual([0, 1, 4, 5, 6]);
  });

  it('those that have ended do not count', async () => {
    await connect();
    for (let i = 0; i < 2; i++) (await connect('127.0.0.2')).destroy();
    await eventually('the ends to be heard', () => taken[1]?.destroyed && taken[2]?.destroyed);
    for (let i = 0; i < 2; i++) await connect();
    expect(openOnes()).toEqual([0, 3, 4]);
  });

  it('one that has ended leaves its place to others', async () => {
    const first = await connect();
    connections.admit(taken[0] as net.Socket);
    first.destroy();
    await eventually('the end to be heard', () => taken[0]?.destroyed);
    for (let i = 0; i < 2; i++) await connect();
    for (const socket of taken) connections.admit(socket);
    expect(openOnes()).toEqual([1, 2]);
  });
});

describe('the end', () => {
  it('waits for nobody who says nothing, and takes nobody any more', async () => {
    await connect();
    await connect();
    connections.admit(taken[0] as net.Socket);
    connections.close();
    await connect();
    expect(openOnes()).toEqual([]);
    await new Promise((resolve) => server.close(resolve));
  });

  it('of strangers leaves those who were admitted', async () => {
    await connect();
    await connect();
    connections.admit(taken[0] as net.Socket);
    connections.closeStrangers();
    expect(openOnes()).toEqual([0]);
  });
});
