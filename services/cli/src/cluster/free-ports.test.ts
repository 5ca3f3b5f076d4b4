import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freeTcpPorts, freeUdpPorts, portFault } from './free-ports.js';

describe('free ports', () => {
  it.each([
    ['TCP', freeTcpPorts],
    ['UDP', freeUdpPorts],
  ])('of %s are distinct, and none that the system gives to outgoing connections', async (_, find) => {
    const ports = await find(100);
    const [firstOutgoing = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t').map(Number);
    expect(new Set(ports).size).toBe(100);
    expect(Math.max(...ports)).toBeLessThan(firstOutgoing);
  });

  it('can be had at once', async () => {
    const [[tcp = 0], [udp = 0]] = [await freeTcpPorts(1), await freeUdpPorts(1)];
    expect(await portFault(tcp)).toBeNull();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(tcp, '127.0.0.1', resolve));
    expect(await portFault(tcp)).toBe('EADDRINUSE');
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => socket.once('error', reject).bind(udp, '127.0.0.1', resolve));
    await Promise.all([new Promise<void>((resolve) => server.close(() => resolve())), new Promise<void>((resolve) => socket.close(() => resolve()))]);
  });
});
