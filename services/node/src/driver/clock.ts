/** The two clocks of the process, and its cryptographic source of uniform numbers; handed to the core, which has none. */
import { randomFillSync } from 'node:crypto';
import type { Now, Random } from '@starling/gossip';

export interface Clock {
  now(): Now;
}

export const systemClock: Clock = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
};

const bytesPerNumber = 8;

/** Uniform in [0, 1) with 53 bits from the operating system: handshake nonces come from it too. */
export function createRandom(): Random {
  const pool = new DataView(new ArrayBuffer(512 * bytesPerNumber));
  let used = pool.byteLength;
  return () => {
    if (used === pool.byteLength) {
      randomFillSync(pool);
      used = 0;
    }
    const high = pool.getUint32(used) >>> 5;
    const low = pool.getUint32(used + 4) >>> 6;
    used += bytesPerNumber;
    return (high * 2 ** 26 + low) / 2 ** 53;
  };
}
