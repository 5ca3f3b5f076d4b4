/** The messages of a stream, as text; each is built once for all clients that need the same. */
import type { ChangesMessage, NodeDetail, SnapshotMessage } from '@starling/contract';
import type { NodeId } from '@starling/gossip';
import type { ApiSource } from './api-source.js';
import type { Changes, Journal } from './journal.js';

export class StreamMessages {
  readonly #source: ApiSource;
  readonly #journal: Journal;
  readonly #cluster: string;
  readonly #session: string;
  /** By the frame that the client has; -1 for the snapshot. All of it leads to frame `#builtFor`. */
  readonly #built = new Map<number, string>();
  #builtFor = 0;

  constructor(source: ApiSource, journal: Journal, names: { readonly cluster: string; readonly session: string }) {
    this.#source = source;
    this.#journal = journal;
    this.#cluster = names.cluster;
    this.#session = names.session;
  }

  snapshot(): string {
    return this.#once(-1, () => this.#snapshot());
  }

  /** What brings a client at `sequence` to the last frame: the changes, or a snapshot when it is too far behind. */
  update(sequence: number): string {
    return this.#once(sequence, () => {
      const changes = this.#journal.since(sequence);
      return changes === null ? this.#snapshot() : this.#changes(changes);
    });
  }

  #once(key: number, build: () => string): string {
    if (this.#builtFor !== this.#journal.sequence) this.#built.clear();
    this.#builtFor = this.#journal.sequence;
    const known = this.#built.get(key);
    if (known !== undefined) return known;
    const text = build();
    this.#built.set(key, text);
    return text;
  }

  #snapshot(): string {
    const source = this.#source;
    const nodes = source.nodes();
    const message: SnapshotMessage = {
      type: 'snapshot',
      ...this.#head(this.#journal.sequence),
      cluster: this.#cluster,
      sampleIntervalSeconds: source.sampleIntervalSeconds(),
      counts: source.counts(),
      agreement: source.agreement(),
      nodes,
      details: this.#details(nodes.map((node) => node.id)),
      peers: source.peers(),
      events: source.timeline(),
      refused: source.refused(),
    };
    return JSON.stringify(message);
  }

  #changes(changes: Changes): string {
    const source = this.#source;
    const message: ChangesMessage = {
      type: 'changes',
      ...this.#head(changes.sequence),
      counts: source.counts(),
      agreement: source.agreement(),
      nodes: changes.nodes.flatMap((id) => source.node(id) ?? []),
      details: this.#details(changes.details),
      // One that was forgotten and met again is told as a node.
      forgotten: changes.forgotten.filter((id) => source.node(id) === null),
      peers: changes.peers ? source.peers() : null,
      events: [...changes.events],
      arrivals: [...changes.arrivals],
      recordsMerged: changes.recordsMerged,
      refused: changes.refused ? source.refused() : null,
    };
    return JSON.stringify(message);
  }

  #head(sequence: number) {
    return { asOf: this.#source.asOf(), session: this.#session, sequence };
  }

  #details(ids: readonly NodeId[]): SnapshotMessage['details'] {
    const known = ids.flatMap((id): NodeDetail | [] => this.#source.detail(id) ?? []);
    return Object.fromEntries(known.map(({ id, version, labels, metrics, certificate, equivocated }) => [id, { version, labels, metrics, certificate, equivocated }]));
  }
}
