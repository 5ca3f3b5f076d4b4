/** Every timer of the core in one table, by name. The earliest is what `nextWakeup` names. */

export type TimerName = 'flush' | 'announce' | 'prune' | 'graft' | 'anti-entropy' | 'overlay' | 'handshake' | 'detect' | 'farewell';

const names: readonly TimerName[] = ['flush', 'announce', 'prune', 'graft', 'anti-entropy', 'overlay', 'handshake', 'detect', 'farewell'];
const places = new Map(names.map((name, place) => [name, place]));

interface Due {
  readonly atMs: number;
  readonly timer: TimerName;
}

export class Timers {
  readonly #dueMs = new Float64Array(names.length).fill(Number.POSITIVE_INFINITY);
  #next: Due = { atMs: Number.POSITIVE_INFINITY, timer: 'flush' };

  /** Sets or moves a timer. */
  set(name: TimerName, atMs: number): void {
    this.#dueMs[placeOf(name)] = atMs;
  }

  /** Sets a timer unless it is due sooner already. */
  atLatest(name: TimerName, atMs: number): void {
    const index = placeOf(name);
    if (atMs < (this.#dueMs[index] as number)) this.#dueMs[index] = atMs;
  }

  /** The one that is due first; the same object as before while it is the same. */
  next(): Due | null {
    let earliest = 0;
    for (let i = 1; i < names.length; i++) if ((this.#dueMs[i] as number) < (this.#dueMs[earliest] as number)) earliest = i;
    const atMs = this.#dueMs[earliest] as number;
    if (atMs === Number.POSITIVE_INFINITY) return null;
    const timer = names[earliest] as TimerName;
    if (this.#next.atMs !== atMs || this.#next.timer !== timer) this.#next = { atMs, timer };
    return this.#next;
  }

  /** Takes the timer that is due first, or null when none is due by `nowMs`. */
  takeDue(nowMs: number): TimerName | null {
    const next = this.next();
    if (next === null || next.atMs > nowMs) return null;
    this.#dueMs[placeOf(next.timer)] = Number.POSITIVE_INFINITY;
    return next.timer;
  }
}

function placeOf(name: TimerName): number {
  return places.get(name) as number;
}
