/** The due times of everything that the driver does by time; the process has one real timer, set to the earliest. */
export type TimerName = 'core' | 'sample' | 'round-trips' | 'departure';

export interface Due {
  readonly name: TimerName;
  readonly atMs: number;
}

export class Schedule {
  readonly #dueMs = new Map<TimerName, number>();

  set(name: TimerName, atMs: number | null): void {
    if (atMs === null) this.#dueMs.delete(name);
    else this.#dueMs.set(name, atMs);
  }

  /** The earliest; null when nothing is due. */
  next(): Due | null {
    let earliest: Due | null = null;
    for (const [name, atMs] of this.#dueMs) if (earliest === null || atMs < earliest.atMs) earliest = { name, atMs };
    return earliest;
  }

  /** Takes one timer that is due at `nowMs`, earliest first. */
  takeDue(nowMs: number): TimerName | null {
    const due = this.next();
    if (due === null || due.atMs > nowMs) return null;
    this.#dueMs.delete(due.name);
    return due.name;
  }
}
