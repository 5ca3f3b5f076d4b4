/**
 * What strangers meet: an Initial packet is answered by Retry, and who comes back with its token may be accepted, all of it at
 * a bounded rate (RFC 9000 section 8.1; docs/PROTOCOL.md 2.5). Nothing is kept of those who do not come back.
 */
import { randomBytes } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import type { Quiche } from './native.js';
import { RetryTokens } from './retry-token.js';
import { SourceRates } from './source-rates.js';
import { transportLimits } from './transport-limits.js';

export interface InitialPacket {
  readonly version: number;
  readonly destination: Buffer;
  readonly source: Buffer;
  readonly token: Buffer;
}

export type DoorAnswer =
  | { readonly type: 'drop'; readonly reason: string }
  | { readonly type: 'retry'; readonly bytes: Buffer }
  /** `original`: what the client called us first; the library confirms it in the handshake. */
  | { readonly type: 'accept'; readonly original: Buffer };

const supportedVersion = 1;

export class FrontDoor {
  readonly #quiche: Quiche;
  readonly #tokens = new RetryTokens(() => performance.now());
  readonly #retries: SourceRates;
  readonly #accepts: SourceRates;

  constructor(quiche: Quiche) {
    const nowMs = performance.now();
    this.#quiche = quiche;
    this.#retries = new SourceRates(transportLimits.retriesPerSource, transportLimits.retries, nowMs);
    this.#accepts = new SourceRates(transportLimits.acceptsPerSource, transportLimits.accepts, nowMs);
  }

  /** `datagramBytes`: of the whole UDP datagram; `address`: of its sender, with the port. */
  answer(packet: InitialPacket, datagramBytes: number, from: RemoteInfo, address: string): DoorAnswer {
    if (datagramBytes < transportLimits.minInitialBytes) return drop('short_initial');
    if (packet.version !== supportedVersion) return drop('version');
    if (packet.destination.length < transportLimits.minDestinationIdBytes) return drop('short_destination');
    const original = packet.token.length === 0 ? null : this.#tokens.check(packet.token, address, packet.destination);
    if (original === null) return this.#retry(packet, from, address);
    return this.#accepts.take(from.address, performance.now()) ? { type: 'accept', original } : drop('accept_rate');
  }

  #retry(packet: InitialPacket, from: RemoteInfo, address: string): DoorAnswer {
    if (!this.#retries.take(from.address, performance.now())) return drop('retry_rate');
    const replacement = randomBytes(transportLimits.connectionIdBytes);
    const token = this.#tokens.mint(address, packet.destination, replacement);
    const out = Buffer.allocUnsafe(transportLimits.payloadBytes);
    try {
      const length = this.#quiche.retry(packet.source, packet.destination, replacement, token, packet.version, out);
      return { type: 'retry', bytes: out.subarray(0, length) };
    } catch {
      return drop('unexpected');
    }
  }
}

function drop(reason: string): DoorAnswer {
  return { type: 'drop', reason };
}
