/**
 * What changed, in numbered frames. Of a node only the number of its last change is kept, so that a client that is any
 * number of frames behind gets the newest of each node in one message, and being slow costs no memory here.
 */
import type { Arrival, TimelineEvent } from '@starling/contract';
import type { NodeId } from '@starling/gossip';
import type { ChangeListener } from '../change-listener.js';
import { apiLimits } from './api-limits.js';

interface Frame {
  readonly sequence: number;
  readonly forgotten: NodeId[];
  readonly events: TimelineEvent[];
  readonly arrivals: Arrival[];
  recordsMerged: number;
  peers: boolean;
  refused: boolean;
  /** Whether anything happened at all, also what stands in no list here. */
  marked: boolean;
}

/** All that happened after one frame and up to another. */
export interface Changes {
  readonly sequence: number;
  readonly nodes: readonly NodeId[];
  /** Of these what changes rarely has changed too. */
  readonly details: readonly NodeId[];
  readonly forgotten: readonly NodeId[];
  readonly events: readonly TimelineEvent[];
  readonly arrivals: readonly Arrival[];
  readonly recordsMerged: number;
  readonly peers: boolean;
  readonly refused: boolean;
}

export class Journal implements ChangeListener {
  readonly #onMarked: () => void;
  /** By node: the frame of its last change, and of the last that touched its details. */
  readonly #nodes = new Map<NodeId, { changed: number; details: number }>();
  readonly #frames: Frame[] = [];
  #entries = 0;
  #open: Frame = emptyFrame(1);

  /** `onMarked` is called for the first change after each frame. */
  constructor(onMarked: () => void) {
    this.#onMarked = onMarked;
  }

  /** Of the last frame; 0 before the first. */
  get sequence(): number {
    return this.#open.sequence - 1;
  }

  get isMarked(): boolean {
    return this.#open.marked;
  }

  /** Ends the frame, if anything happened in it. */
  close(): void {
    if (!this.#open.marked) return;
    this.#frames.push(this.#open);
    this.#entries += entriesOf(this.#open);
    this.#open = emptyFrame(this.#open.sequence + 1);
    while (this.#frames.length > apiLimits.maxFrames || this.#entries > apiLimits.maxFrameEntries) this.#entries -= entriesOf(this.#frames.shift() as Frame);
  }

  /** Null when the frames after `sequence` are not all here any more, or never were: only a snapshot helps. */
  since(sequence: number): Changes | null {
    if (sequence > this.sequence || (this.#frames[0]?.sequence ?? this.#open.sequence) > sequence + 1) return null;
    const frames = this.#frames.filter((frame) => frame.sequence > sequence);
    const changed = [...this.#nodes].filter(([, last]) => last.changed > sequence && last.changed <= this.sequence);
    return {
      sequence: this.sequence,
      nodes: changed.map(([id]) => id),
      details: changed.filter(([, last]) => last.details > sequence).map(([id]) => id),
      forgotten: [...new Set(frames.flatMap((frame) => frame.forgotten))],
      events: frames.flatMap((frame) => frame.events),
      arrivals: frames.flatMap((frame) => frame.arrivals).slice(-apiLimits.maxArrivals),
      recordsMerged: frames.reduce((sum, frame) => sum + frame.recordsMerged, 0),
      peers: frames.some((frame) => frame.peers),
      refused: frames.some((frame) => frame.refused),
    };
  }

  onNodeChanged(id: NodeId, change: { readonly details: boolean }): void {
    const { sequence } = this.#mark();
    const last = this.#nodes.get(id);
    if (last === undefined) {
      this.#nodes.set(id, { changed: sequence, details: sequence });
      return;
    }
    last.changed = sequence;
    if (change.details) last.details = sequence;
  }

  onNodeForgotten(id: NodeId): void {
    this.#mark().forgotten.push(id);
    this.#nodes.delete(id);
  }

  onPeersChanged(): void {
    this.#mark().peers = true;
  }

  onTimelineEvent(event: TimelineEvent): void {
    const { events } = this.#mark();
    events.push(event);
    if (events.length > apiLimits.maxFrameEvents) events.shift();
  }

  onRecordArrived(arrival: Arrival): void {
    const frame = this.#mark();
    frame.recordsMerged += 1;
    if (frame.arrivals.length < apiLimits.maxArrivals) frame.arrivals.push(arrival);
  }

  onFiguresChanged(change: { readonly refused: boolean }): void {
    const frame = this.#mark();
    if (change.refused) frame.refused = true;
  }

  #mark(): Frame {
    if (!this.#open.marked) {
      this.#open.marked = true;
      this.#onMarked();
    }
    return this.#open;
  }
}

function emptyFrame(sequence: number): Frame {
  return { sequence, forgotten: [], events: [], arrivals: [], recordsMerged: 0, peers: false, refused: false, marked: false };
}

function entriesOf(frame: Frame): number {
  return frame.forgotten.length + frame.events.length + frame.arrivals.length;
}
