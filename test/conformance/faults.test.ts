/** What the network and a peer's process may do to a connection. */
import { type ChildProcess, fork } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { credentialsOf, leafUri } from '../support/transport-end.js';
import { authorityOfTests, closing, honestEnd, type QuicEnd } from './ends.js';
import { openRelay, type RelayFaults } from './relay.js';

const messagesEachWay = 400;
/** Each packet that is lost in a row doubles the wait for the next probe (RFC 9002, 6.2); a connection silent for 15 s is gone. */
const longestPauseMs = 12_000;

function messageOf(index: number): Uint8Array {
  const bytes = new Uint8Array(40 + ((index * 977) % 9_000)).fill(index & 0xff);
  new DataView(bytes.buffer).setUint32(0, index);
  return bytes;
}

const indexOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);

/** Waits until all came, and never longer than the longest pause for the next one. */
async function everyMessageOnce(end: QuicEnd): Promise<void> {
  const { messages } = end.heard;
  while (messages.length < messagesEachWay) {
    const before = messages.length;
    await eventually(`message ${before + 1} of ${messagesEachWay}`, () => messages.length > before, longestPauseMs);
  }
  const indexes = messages.map(({ bytes }) => indexOf(bytes)).sort((a, b) => a - b);
  expect(indexes).toEqual(Array.from({ length: messagesEachWay }, (_, index) => index));
  for (const { bytes } of messages) expect(Buffer.from(bytes).equals(messageOf(indexOf(bytes)))).toBe(true);
}

describe('over a network that', () => {
  const cases: readonly (readonly [string, RelayFaults, 'lost' | 'repeated' | 'reordered'])[] = [
    ['loses 2 % of the packets', { loss: 0.02 }, 'lost'],
    ['loses 10 % of the packets', { loss: 0.1 }, 'lost'],
    ['repeats a fifth of the packets', { duplication: 0.2 }, 'repeated'],
    ['reorders a fifth of the packets', { reordering: 0.2 }, 'reordered'],
    ['does all of it', { loss: 0.05, duplication: 0.1, reordering: 0.1 }, 'lost'],
  ];
  for (const [what, faults, trace] of cases) {
    it(`${what}, every message arrives once and whole, without a long pause`, async () => {
      const [a, b] = [await honestEnd(), await honestEnd()];
      const relay = closing(await openRelay(b.transport.address, faults, 42));
      a.transport.dial(relay.address);
      const out = await eventually('open', () => a.heard.opened[0]);
      const incoming = await eventually('open at the other end', () => b.heard.opened[0]);
      for (let index = 0; index < messagesEachWay; index++) {
        a.transport.send(out.connection, 'stream', messageOf(index));
        b.transport.send(incoming.connection, 'stream', messageOf(index));
      }
      await everyMessageOnce(b);
      await everyMessageOnce(a);
      expect(relay.seen[trace]).toBeGreaterThan(0);
    });
  }
});

describe('a peer whose process', () => {
  /** A peer in a process of its own, connected to a new end of ours. */
  async function peerProcess(): Promise<{ readonly ours: QuicEnd; readonly child: ChildProcess; readonly heard: unknown[] }> {
    const authority = await authorityOfTests();
    const ours = await honestEnd();
    const child = fork(new URL('peer-process.mjs', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    const heard: unknown[] = [];
    child.on('message', (message) => heard.push(message));
    closing({ close: async () => child.kill('SIGKILL') });
    child.send({ dial: ours.transport.address, credentials: credentialsOf(await authority.issue([leafUri()]), authority) });
    await eventually('the process is connected', () => ours.heard.opened.length === 1 && heard.length >= 1);
    return { ours, child, heard };
  }

  it('is killed is given up for silence, and its port is dead to dial', async () => {
    const { ours, child } = await peerProcess();
    const address = ours.heard.opened[0]?.address ?? '';
    child.kill('SIGKILL');
    const closed = await eventually('the connection is given up', () => ours.heard.closed[0], 20_000);
    expect(closed.reason).toBe('no answer');
    ours.transport.dial(address);
    await eventually('the dial fails', () => ours.heard.failed.length === 1);
    expect(ours.transport.levels().connections).toBeLessThanOrEqual(1);
  });

  it('is stopped is given up for silence, and knows so when it goes on', async () => {
    const { ours, child, heard } = await peerProcess();
    child.kill('SIGSTOP');
    await eventually('the connection is given up', () => ours.heard.closed.length === 1, 20_000);
    child.kill('SIGCONT');
    await eventually('the process knows that its connection is gone', () => heard.some((message) => (message as { closed?: string }).closed?.includes('stood still') === true), 20_000);
  });
});
