/** What a node may still cost this one, over whatever connections (docs/PROTOCOL.md 11.3). */
import { Budget } from '../budget.js';
import { limits } from '../limits.js';

export class Allowance {
  /** Bytes of bundles that repair its store (docs/PROTOCOL.md 9.5). */
  readonly repair: Budget;
  /** Walks that it may begin or pass on (docs/PROTOCOL.md 6.7). */
  readonly joins: Budget;
  /** Credentials that it brings and that are refused (docs/PROTOCOL.md 5.11). */
  refusedCredentials: Budget;
  /** Signatures under way of what it brought (docs/PROTOCOL.md 5.2). */
  pendingVerifications = 0;
  /** When it was last asked for an origin for want of its credential (docs/PROTOCOL.md 5.5). */
  askedAtMs = Number.NEGATIVE_INFINITY;
  /** Its hellos are refused until then (docs/PROTOCOL.md 7.2). */
  barredUntilMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.repair = new Budget(limits.antiEntropyPeerBytesPerSecond, limits.antiEntropyPeerBytesPerSecond, nowMs);
    this.joins = new Budget(limits.maxJoinsPerMinute / 60, limits.maxJoinsPerMinute, nowMs);
    this.refusedCredentials = refusedCredentialBudget(nowMs);
  }

  /** The trusted roots changed: what was refused may be admitted now, and was nobody's fault (docs/PROTOCOL.md 5.11). */
  trustChanged(nowMs: number): void {
    this.refusedCredentials = refusedCredentialBudget(nowMs);
  }
}

function refusedCredentialBudget(nowMs: number): Budget {
  return new Budget(limits.maxRefusedCredentialsPerSecond, limits.maxRefusedCredentialBurst, nowMs);
}
