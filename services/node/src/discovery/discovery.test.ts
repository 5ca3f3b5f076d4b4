import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openDiscovery } from './discovery.js';
import { parseSeed, type Seed } from './seeds.js';

const types = { a: 1, srv: 33 } as const;
let server: Socket | null = null;

afterEach(() => {
  server?.close();
  server = null;
});

/** Answers A and SRV questions from a table; what is not in it does not exist. */
async function nameServer(table: Record<string, { type: keyof typeof types; data: Buffer }[]>): Promise<string> {
  const socket = createSocket('udp4');
  server = socket;
  socket.on('message', (question, from) => {
    let at = 12;
    const labels: string[] = [];
    for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
      labels.push(question.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const asked = question.readUInt16BE(at + 1);
    const records = (table[labels.join('.')] ?? []).filter(({ type }) => types[type] === asked);
    const head = Buffer.alloc(12);
    question.copy(head, 0, 0, 2);
    head.writeUInt16BE(table[labels.join('.')] === undefined ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    const answers = records.map(({ type, data }) => {
      const fixed = Buffer.from([0xc0, 12, 0, types[type], 0, 1, 0, 0, 0, 1, 0, 0]);
      fixed.writeUInt16BE(data.length, 10);
      return Buffer.concat([fixed, data]);
    });
    socket.send(Buffer.concat([head, question.subarray(12, at + 5), ...answers]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return `127.0.0.1:${socket.address().port}`;
}

function srv(port: number, target: string): Buffer {
  const labels = target.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const fixed = Buffer.alloc(6);
  fixed.writeUInt16BE(port, 4);
  return Buffer.concat([fixed, ...labels, Buffer.from([0])]);
}

/** Of a machine that finds no name by itself. */
const lookup = () => Promise.reject(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));

function seeds(...texts: string[]): Seed[] {
  return texts.map((text) => {
    const reading = parseSeed(text);
    if (!reading.ok) throw new Error(reading.fault);
    return reading.value;
  });
}

describe('seeds', () => {
  it('are addresses, names and services', () => {
    expect(seeds('10.0.0.1:9740', '[::1]:1', 'a.example:2', 'srv:_gossip._udp.a.example.')).toEqual([
      { type: 'address', address: '10.0.0.1:9740' },
      { type: 'address', address: '[::1]:1' },
      { type: 'name', name: 'a.example', port: 2 },
      { type: 'service', name: '_gossip._udp.a.example.' },
    ]);
  });

  it('are nothing else, and the message repeats what was written', () => {
    for (const text of ['a.example', '1.2.3.4', '1.2.3:4', '300.1.1.1:1', '[1.2.3.4]:1', 'a.example:0', 'a.example:70000', 'srv:gossip.a.example', 'srv:', ':1', 'a b:1', '-a:1']) {
      const reading = parseSeed(text);
      expect(reading.ok ? text : reading.fault).toContain(`"${text}" is neither`);
    }
  });
});

describe('discovery', () => {
  it('asks names and services, keeps their ports, and names nobody twice', async () => {
    const servers = [
      await nameServer({
        'a.example': [{ type: 'a', data: Buffer.from([10, 0, 0, 1]) }, { type: 'a', data: Buffer.from([10, 0, 0, 2]) }],
        '_gossip._udp.s.example': [{ type: 'srv', data: srv(9_740, 'a.example') }],
      }),
    ];
    const faults: unknown[] = [];
    const discovery = openDiscovery(seeds('a.example:5', 'srv:_gossip._udp.s.example', '10.0.0.1:9740'), { servers, lookup, onFault: (...fault) => faults.push(fault) });
    expect([...(await discovery.discover())].sort()).toEqual(['10.0.0.1:5', '10.0.0.1:9740', '10.0.0.2:5', '10.0.0.2:9740']);
    expect(faults).toEqual([]);
  });

  it('finds a name of /etc/hosts, of which the name servers know nothing', async () => {
    const faults: unknown[] = [];
    const discovery = openDiscovery(seeds('localhost:5'), { servers: [await nameServer({})], onFault: (...fault) => faults.push(fault) });
    expect(await discovery.discover()).toContain('127.0.0.1:5');
    expect(faults).toEqual([]);
  });

  it('believes this machine before its name servers', async () => {
    const servers = [await nameServer({ 'a.example': [{ type: 'a', data: Buffer.from([10, 0, 0, 1]) }] })];
    const discovery = openDiscovery(seeds('a.example:5'), { servers, lookup: async () => ['10.0.0.7', 'fd00::7'], onFault: () => undefined });
    expect(await discovery.discover()).toEqual(['10.0.0.7:5', '[fd00::7]:5']);
  });

  it('waits within a bound for a look-up that hangs, begins no second one meanwhile, and asks the name servers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const servers = [await nameServer({ 'a.example': [{ type: 'a', data: Buffer.from([10, 0, 0, 1]) }] })];
      const answers: ((hosts: string[]) => void)[] = [];
      const hanging = () => new Promise<string[]>((resolve) => answers.push(resolve));
      const discovery = openDiscovery(seeds('a.example:5'), { servers, lookup: hanging, onFault: () => undefined });
      for (let i = 0; i < 2; i++) {
        const found = discovery.discover();
        await vi.advanceTimersByTimeAsync(2_000);
        expect(await found).toEqual(['10.0.0.1:5']);
      }
      expect(answers).toHaveLength(1);
      answers[0]?.(['10.0.0.7']);
      await vi.advanceTimersByTimeAsync(0);
      const found = discovery.discover();
      answers[1]?.(['10.0.0.8']);
      expect(await found).toEqual(['10.0.0.8:5']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('puts what is known anyway before what the seeds answer', async () => {
    const further = ['10.0.0.9:1', '127.0.0.1:1'];
    const discovery = openDiscovery(seeds('127.0.0.1:1', '127.0.0.2:1'), { further: () => further, onFault: () => undefined });
    expect(await discovery.discover()).toEqual(['10.0.0.9:1', '127.0.0.1:1', '127.0.0.2:1']);
  });

  it('never rejects, and tells of a failure once, and of its end', async () => {
    const table: Parameters<typeof nameServer>[0] = {};
    const servers = [await nameServer(table)];
    const faults: unknown[] = [];
    const discovery = openDiscovery(seeds('b.example:5', '127.0.0.1:1'), { servers, lookup, onFault: (...fault) => faults.push(fault) });
    expect(await discovery.discover()).toEqual(['127.0.0.1:1']);
    expect(await discovery.discover()).toEqual(['127.0.0.1:1']);
    table['b.example'] = [{ type: 'a', data: Buffer.from([10, 9, 8, 7]) }];
    expect(await discovery.discover()).toEqual(['10.9.8.7:5', '127.0.0.1:1']);
    expect(faults).toEqual([['b.example:5', 'asked as other programs ask, which includes /etc/hosts: the name does not exist; asked of the name servers: the name does not exist'], ['b.example:5', null]]);
  });
});
