/** Every timer of the core in one table, by name. The earliest is what `nextWakeup` names. */

const names = ['flush', 'announce', 'prune', 'graft', 'anti-entropy', 'overlay', 'handshake', 'detect', 'farewell'] as const;

export type TimerName = (typeof names)[number];

export class Timers {
  readonly #dueMs = new Float64Array(names.length).fill(Number.POSITIVE_INFINITY);

  /** Sets or moves a timer. */
  set(name: TimerName, atMs: number): void {
    this.#dueMs[names.indexOf(name)] = atMs;
  }

  /** Sets a timer unless it is due sooner already. */
  atLatest(name: TimerName, atMs: number): void {
    const index = names.indexOf(name);
    if (atMs < (this.#dueMs[index] as number)) this.#dueMs[index] = atMs;
  }

  next(): { readonly atMs: number; readonly timer: TimerName } | null {
    let earliest = 0;
    for (let i = 1; i < names.length; i++) if ((this.#dueMs[i] as number) < (this.#dueMs[earliest] as number)) earliest = i;
    const atMs = this.#dueMs[earliest] as number;
    return atMs === Number.POSITIVE_INFINITY ? null : { atMs, timer: names[earliest] as TimerName };
  }

  /** Takes the timer that is due first, or null when none is due by `nowMs`. */
  takeDue(nowMs: number): TimerName | null {
    const next = this.next();
    if (next === null || next.atMs > nowMs) return null;
    this.#dueMs[names.indexOf(next.timer)] = Number.POSITIVE_INFINITY;
    return next.timer;
  }
}
