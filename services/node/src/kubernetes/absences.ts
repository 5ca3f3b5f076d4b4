/** Which pods are absent and why, of now and of a while ago: a fold over what the watches tell. */
import { absenceReasonOf, type AbsenceReason, type PodFacts, type StatefulSetFacts } from './absence-reason.js';

export interface PodAbsence {
  readonly reason: AbsenceReason;
  /** When this process learned the reason, wall clock, milliseconds. */
  readonly sinceMs: number;
}

/** Pods that are gone and still remembered: of many more than one network can lose before it forgets them. */
const maxGone = 4_096;

export class Absences {
  readonly #here = new Map<string, PodFacts>();
  readonly #absences = new Map<string, PodAbsence>();
  /** In the order in which they went. */
  readonly #gone = new Set<string>();
  readonly #wallMs: () => number;
  readonly #onChanged: (uid: string) => void;
  #set: StatefulSetFacts | null = null;

  /** `onChanged` hears of every pod of which another reason is known than before. */
  constructor(wallMs: () => number, onChanged: (uid: string) => void) {
    this.#wallMs = wallMs;
    this.#onChanged = onChanged;
  }

  /** By the uid of a pod; null while nothing speaks for its absence. */
  of(uid: string): PodAbsence | null {
    return this.#absences.get(uid) ?? null;
  }

  podChanged(uid: string, pod: PodFacts): void {
    this.#gone.delete(uid);
    this.#here.set(uid, pod);
    this.#judge(uid, pod, 'here');
  }

  /** Its reason is settled: what happens to the set later says nothing about it. */
  podGone(uid: string, pod: PodFacts): void {
    this.#here.delete(uid);
    this.#gone.add(uid);
    this.#judge(uid, pod, 'gone');
    for (const oldest of this.#gone) {
      if (this.#gone.size <= maxGone) break;
      this.#gone.delete(oldest);
      this.#absences.delete(oldest);
    }
  }

  /** Null when there is none (any more). */
  setChanged(set: StatefulSetFacts | null): void {
    this.#set = set;
    for (const [uid, pod] of this.#here) this.#judge(uid, pod, 'here');
  }

  #judge(uid: string, pod: PodFacts, presence: 'here' | 'gone'): void {
    const before = this.#absences.get(uid)?.reason ?? null;
    const reason = absenceReasonOf(pod, presence, this.#set);
    if (reason === before) return;
    if (reason === null) this.#absences.delete(uid);
    else this.#absences.set(uid, { reason, sinceMs: this.#wallMs() });
    this.#onChanged(uid);
  }
}
