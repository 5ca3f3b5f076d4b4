import { encodeBundle, encodeDescriptor, kinds, limits, messageOfUnsigned, sealBundle } from '@starling/gossip';
import { isRepair, pushOf } from '../parcels.js';
import type { Plan } from '../plan.js';
import type { SimulatedNode } from '../simulated-node.js';
import { clusterTag, toyCredential, toySign } from '../toy-crypto.js';
import type { Run } from '../run.js';

/** Machines that hold the store; the origins themselves need not run for that. */
const holders = 24;
const completeSeconds = 5;
/** Bundles in one message: about 45 kB. */
const atOnce = 64;

/** Origins that said once who they are, told to every holder as if by a peer. */
function fill(run: Run, count: number): void {
  const metrics = Array.from({ length: 30 }, (_, i) => ({ name: `m${i}`, unit: '1', type: 'gauge' as const, exponent: -3 }));
  const bundles = Array.from({ length: count }, (_, i) => {
    const key = run.world.newKey();
    const records = [
      { kind: kinds.credential, payload: toyCredential(key) },
      { kind: kinds.descriptor, payload: encodeDescriptor({ name: `origin-${i}`, version: 'sim', labels: {}, metrics }) },
    ];
    const unsigned = encodeBundle({ clusterTag, origin: key.id, incarnation: 1, sequence: 1, timeMs: Math.round((run.world.nodes[0] as SimulatedNode).wallMs(run.world.nowMs)), lifetimeS: 3_600, records });
    const message = messageOfUnsigned(unsigned);
    const bytes = sealBundle(unsigned, toySign(key.publicKey, message));
    run.checks.record(bytes);
    run.views.ignore(key.id);
    return bytes;
  });
  for (const node of run.honest()) {
    const [connection] = node.links.keys();
    if (connection === undefined) continue;
    for (let i = 0; i < bundles.length; i += atOnce) {
      const message = pushOf(bundles.slice(i, i + atOnce).map((bytes) => ({ hops: limits.maxHops, ageMs: 0, bytes })));
      run.world.at(run.world.nowMs + i / atOnce, () => run.world.give(node, { type: 'message-received', connection, channel: 'stream', bytes: message }), node);
    }
  }
}

export const newcomer: Plan = {
  name: 'newcomer',
  about: 'a node joins 24 others that hold so many origins (--nodes), and gets them all',
  nodes: 10_000,
  seconds: 40,
  nightly: { nodes: 10_000, seeds: 1 },
  course(run) {
    const { nodes, seconds } = run.options;
    run.populate(holders, 1);
    run.advance(10);
    fill(run, nodes);
    run.advance(5);
    run.measure();
    const total = nodes + holders + 1;
    const sentTo = new Map<number, number>();
    let bytesInRound = new Map<number, number>();
    const [node] = run.populate(1, 0) as [SimulatedNode];
    run.world.watch({
      onSend(from, link, _channel, bytes): void {
        if (link.ends[0] === node || link.ends[1] === node) if (from !== node && isRepair(bytes)) bytesInRound.set(from.index, (bytesInRound.get(from.index) ?? 0) + bytes.length);
      },
    });
    const startMs = run.world.nowMs;
    let completeMs: number | null = null;
    while (completeMs === null && run.world.nowMs < startMs + (seconds - 15) * 1_000) {
      for (let i = 0; i < 10 && completeMs === null; i++) {
        run.world.run(run.world.nowMs + 100);
        if ((node.engine?.statistics().origins ?? 0) >= total) completeMs = run.world.nowMs - startMs;
      }
      for (const [index, bytes] of bytesInRound) sentTo.set(index, Math.max(sentTo.get(index) ?? 0, bytes));
      bytesInRound = new Map();
      run.checks.round();
    }
    const most = Math.max(0, ...sentTo.values());
    run.figures['newcomer complete after, s'] = completeMs === null ? null : completeMs / 1_000;
    run.figures['peers that filled it'] = sentTo.size;
    run.figures['most that one peer sent it in a second, bytes'] = most;
    if (completeMs === null || completeMs > completeSeconds * 1_000) run.checks.fail(`the newcomer holds ${node.engine?.statistics().origins ?? 0} of ${total} origins after ${completeMs ?? run.world.nowMs - startMs} ms`);
    // A bucket that is full at first gives a second's worth at once.
    if (most > 2 * limits.antiEntropyPeerBytesPerSecond) run.checks.fail(`a peer sent the newcomer ${most} bytes in a second`);
  },
};
