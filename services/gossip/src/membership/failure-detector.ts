/**
 * Who is alive, judged by the arrival of each origin's samples (docs/PROTOCOL.md section 8). Accrual: how unlikely a
 * silence is, given how this origin's samples have arrived so far (Hayashibara et al. 2004). Nobody is accused for a
 * time in which this node itself did not run, and nobody is given up by a node that hears from no one.
 */
import type { Context } from '../context.js';
import { limits } from '../limits.js';
import type { MemberState } from '../output.js';
import { kinds } from '../record/kinds.js';
import type { HeldBundle, Origin } from '../store/origin.js';

/** Weight of a new arrival in the running mean and variance. */
const weight = 0.1;

/** Standard deviations beyond the mean at which phi is reached, by the logistic approximation of the normal tail. */
export function deviationsAt(phi: number): number {
  let low = 0;
  let high = 40;
  for (let i = 0; i < 60; i++) {
    const y = (low + high) / 2;
    const tail = 1 / (1 + Math.exp(y * (1.5976 + 0.070566 * y * y)));
    if (-Math.log10(tail) < phi) low = y;
    else high = y;
  }
  return high;
}

const suspicionDeviations = deviationsAt(limits.suspicionPhi);

export interface DetectorListener {
  /** It left or failed so long ago that it is to be forgotten. */
  onExpired(origin: Origin): void;
}

export class FailureDetector {
  readonly #context: Context;
  readonly #listener: DetectorListener;
  #graceUntilMs = 0;
  #sweptAtMs = 0;

  constructor(context: Context, listener: DetectorListener) {
    this.#context = context;
    this.#listener = listener;
  }

  start(): void {
    this.#sweptAtMs = this.#context.nowMs;
    this.#schedule();
  }

  /** A bundle of this origin was merged. `before`: how it was judged until now; null when it was unknown. */
  heard(origin: Origin, held: HeldBundle, before: MemberState | null): void {
    const { nowMs } = this.#context;
    if (held.bundle.sequence !== origin.sequence) return;
    origin.heardAtMs = held.madeAtMs;
    if (held.bundle.has(kinds.farewell)) return this.#set(origin, 'left', before);
    if (origin.hasSample) this.#learn(origin, nowMs);
    origin.arrivedAtMs = nowMs;
    origin.deadlineMs = this.#dueAt(origin, held);
    this.#set(origin, 'alive', before);
  }

  /** Another credential vouches for it, and may end sooner. */
  vouchedAnew(origin: Origin): void {
    if (origin.state === 'alive') origin.deadlineMs = Math.min(origin.deadlineMs, this.#unheardAt(origin));
  }

  /** This process stood still: what was not heard meanwhile is nobody's fault (docs/PROTOCOL.md 8.4). */
  stalled(milliseconds: number): void {
    const graceUntilMs = this.#context.nowMs + limits.stallGraceIntervals * this.#context.sampleIntervalMs;
    this.#graceUntilMs = Math.max(this.#graceUntilMs, graceUntilMs);
    // The next look is late for this very pause: it is not to be counted again.
    this.#sweptAtMs += milliseconds;
    for (const origin of this.#context.origins.all()) {
      origin.deadlineMs = Math.max(origin.deadlineMs + milliseconds, graceUntilMs);
      if (origin.arrivedAtMs !== 0) origin.arrivedAtMs += milliseconds;
    }
  }

  /** It counts no more among those present, if it did. */
  forget(origin: Origin): void {
    if (origin.isPresent && !origin.isSelf) this.#context.present -= 1;
  }

  /** Looks at every deadline. */
  sweep(): void {
    const { nowMs, sampleIntervalMs, origins } = this.#context;
    const lateMs = nowMs - this.#sweptAtMs - sampleIntervalMs;
    if (lateMs > 2 * sampleIntervalMs) this.stalled(lateMs);
    this.#sweptAtMs = nowMs;
    const overdue: Origin[] = [];
    for (const origin of origins.all()) if (origin.deadlineMs <= nowMs && !origin.isSelf) overdue.push(origin);
    for (const origin of overdue) this.#judge(origin);
    this.#schedule();
  }

  /** Its deadline has come: the next state (docs/PROTOCOL.md 8.3). */
  #judge(origin: Origin): void {
    const { nowMs, sampleIntervalMs } = this.#context;
    switch (origin.state) {
      case 'alive':
        // When many have come since it was heard, everybody speaks less often, and so does this one.
        origin.deadlineMs = Math.max(origin.deadlineMs, this.#dueAt(origin, origin.held[0]));
        if (nowMs < origin.deadlineMs) return;
        if (nowMs < this.#graceUntilMs) {
          origin.deadlineMs = this.#graceUntilMs;
          return;
        }
        this.#set(origin, 'suspect', 'alive');
        // Counted from when it was due: news that come late, as many do when many fail, begin nothing anew. Nor does an age decide alone.
        origin.deadlineMs = Math.max(origin.deadlineMs + limits.failureIntervals * sampleIntervalMs, nowMs + limits.leastSuspectIntervals * sampleIntervalMs);
        return;
      case 'suspect':
        if (this.#context.peers.up().length === 0) {
          origin.deadlineMs = nowMs + sampleIntervalMs;
          return;
        }
        this.#set(origin, 'failed', 'suspect');
        origin.deadlineMs = nowMs + limits.retentionMs;
        return;
      case 'failed':
      case 'left':
        this.#listener.onExpired(origin);
    }
  }

  #learn(origin: Origin, nowMs: number): void {
    const { sampleIntervalMs } = this.#context;
    if (origin.arrivedAtMs === 0 || origin.meanIntervalMs === 0) {
      origin.meanIntervalMs = sampleIntervalMs;
      return;
    }
    // A silence that ended is not how samples arrive: it counts as two intervals at the most.
    const interval = Math.min(nowMs - origin.arrivedAtMs, 2 * sampleIntervalMs);
    const difference = interval - origin.meanIntervalMs;
    origin.meanIntervalMs += weight * difference;
    origin.varianceMs2 = (1 - weight) * (origin.varianceMs2 + weight * difference * difference);
  }

  /** When it is to be suspected, with `newest` of it in force, at the interval of now. */
  #dueAt(origin: Origin, newest: HeldBundle | undefined): number {
    return Math.min(this.#suspicionAt(origin, newest?.bundle.lifetimeS ?? 0), this.#unheardAt(origin));
  }

  #suspicionAt(origin: Origin, lifetimeS: number): number {
    if (!origin.hasSample) return lifetimeS === 0 ? Number.POSITIVE_INFINITY : origin.heardAtMs + lifetimeS * 1_000;
    const { sampleIntervalMs } = this.#context;
    const deviation = Math.max(Math.sqrt(origin.varianceMs2), limits.leastDeviationIntervals * sampleIntervalMs);
    const mean = Math.max(origin.meanIntervalMs, sampleIntervalMs);
    return Math.max(origin.heardAtMs, this.#graceUntilMs - mean) + mean + suspicionDeviations * deviation;
  }

  /** When nothing that it says is admitted any more, unless it shows another credential: who says nothing, for however long, is not believed for longer. */
  #unheardAt(origin: Origin): number {
    const { nowMs, now } = this.#context;
    return nowMs + origin.credential.facts.notAfterMs + limits.maxFutureMs - now.wallMs;
  }

  #set(origin: Origin, state: MemberState, previous: MemberState | null): void {
    if (previous === state) return;
    const wasPresent = previous !== null && origin.isPresent;
    origin.state = state;
    origin.stateSinceMs = this.#context.nowMs;
    if (state === 'left') origin.deadlineMs = this.#context.nowMs + limits.retentionMs;
    if (!origin.isSelf) this.#context.present += Number(origin.isPresent) - Number(wasPresent);
    this.#context.emit({ type: 'member-changed', origin: origin.id, state, previous, incarnation: origin.incarnation });
  }

  #schedule(): void {
    this.#context.timers.set('detect', this.#context.nowMs + this.#context.sampleIntervalMs / 2);
  }
}
