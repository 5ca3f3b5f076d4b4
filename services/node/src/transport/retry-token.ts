/**
 * Tokens of Retry packets (RFC 9000 section 8.1.2): whoever comes back with one has shown that it receives at its
 * address. They carry what is needed to go on, so that nothing is kept for those who never come back.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { transportLimits } from './transport-limits.js';

const macBytes = 16;
const timeBytes = 6;

export class RetryTokens {
  readonly #secret = randomBytes(32);
  readonly #nowMs: () => number;

  /** `nowMs` on a clock that never goes back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** For the sender at `address` that called us `original`, and is told to call us `replacement`. */
  mint(address: string, original: Buffer, replacement: Buffer): Buffer {
    const body = Buffer.alloc(timeBytes + original.length);
    body.writeUIntBE(Math.floor(this.#nowMs()) + transportLimits.tokenMs, 0, timeBytes);
    original.copy(body, timeBytes);
    return Buffer.concat([this.#mac(address, replacement, body), body]);
  }

  /** What the sender called us first; null for a token that is not ours, not for this address and id, or too old. */
  check(token: Buffer, address: string, replacement: Buffer): Buffer | null {
    if (token.length < macBytes + timeBytes + transportLimits.minDestinationIdBytes) return null;
    const body = token.subarray(macBytes);
    if (!timingSafeEqual(this.#mac(address, replacement, body), token.subarray(0, macBytes))) return null;
    return body.readUIntBE(0, timeBytes) < this.#nowMs() ? null : body.subarray(timeBytes);
  }

  #mac(address: string, replacement: Buffer, body: Buffer): Buffer {
    const mac = createHmac('sha256', this.#secret).update(`${address}\0`).update(Buffer.from([replacement.length])).update(replacement).update(body);
    return mac.digest().subarray(0, macBytes);
  }
}
