/** The views of the last minutes, so that the page can be dragged back. Views share what did not change between them. */
import type { NetworkView } from './network-view.js';

/** Nodes kept over all views together; what bounds the memory. */
export const maxKeptNodes = 30_000;
export const maxViews = 300;
/** A view is kept at most so often, milliseconds. */
const everyMs = 1_000;

export class PastViews {
  #views: NetworkView[] = [];

  append(view: NetworkView): void {
    const last = this.#views.at(-1);
    if (last !== undefined && view.readAtMs - last.readAtMs < everyMs) return;
    this.#views.push(view);
    const most = Math.max(2, Math.min(maxViews, Math.floor(maxKeptNodes / Math.max(1, view.nodes.size))));
    if (this.#views.length > most) this.#views = this.#views.slice(-most);
  }

  /** The view that was current at this time of the page clock; the oldest kept for a time before it. */
  at(timeMs: number): NetworkView | null {
    return this.#views.findLast((view) => view.readAtMs <= timeMs) ?? this.#views[0] ?? null;
  }

  oldestMs(): number | null {
    return this.#views[0]?.readAtMs ?? null;
  }

  clear(): void {
    this.#views = [];
  }
}
