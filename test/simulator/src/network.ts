/** Links of the simulated network: latency, loss, duplication, reordering, partitions; every fault can be off. */
import type { Random } from '@starling/gossip';

export interface LinkFaults {
  /** Latency of a message, milliseconds: at least this, and an exponential tail of this mean on top. */
  leastLatencyMs: number;
  tailLatencyMs: number;
  /** Chance that a datagram is lost; a stream is delivered late instead, as retransmission does it. */
  loss: number;
  duplication: number;
  /** Chance that a message is held back for up to 50 ms. */
  reordering: number;
}

export const calmLinks: LinkFaults = { leastLatencyMs: 0.5, tailLatencyMs: 0.5, loss: 0, duplication: 0, reordering: 0 };

const retransmissionMs = 60;
const heldBackMs = 50;

/** When the copies of a message arrive, milliseconds from now; none when it is lost. */
export function arrivals(faults: LinkFaults, channel: 'datagram' | 'stream', random: Random): number[] {
  const latency = () => faults.leastLatencyMs - faults.tailLatencyMs * Math.log(1 - random());
  let delayMs = latency();
  if (faults.reordering > 0 && random() < faults.reordering) delayMs += random() * heldBackMs;
  if (channel === 'stream') {
    while (faults.loss > 0 && random() < faults.loss) delayMs += retransmissionMs;
    return [delayMs];
  }
  if (faults.loss > 0 && random() < faults.loss) return [];
  return faults.duplication > 0 && random() < faults.duplication ? [delayMs, delayMs + latency()] : [delayMs];
}
