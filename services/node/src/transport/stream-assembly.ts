/** Messages that come in pieces, one stream each, of bounded length (docs/PROTOCOL.md 2.3). */

interface Beginning {
  /** With room beyond what came: pieces may be of one byte each, and are not kept as such. */
  room: Uint8Array;
  bytes: number;
}

export class StreamAssembly {
  readonly #maxBytes: number;
  readonly #beginnings = new Map<number, Beginning>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Copies the piece. Returns the whole message when this was its last piece, null when more is to come. */
  add(stream: number, piece: Uint8Array, last: boolean): Uint8Array | null | 'oversized' {
    const known = this.#beginnings.get(stream);
    const total = (known?.bytes ?? 0) + piece.length;
    if (total > this.#maxBytes) return 'oversized';
    if (known === undefined && last) return new Uint8Array(piece);
    const beginning = known ?? { room: new Uint8Array(piece.length), bytes: 0 };
    if (total > beginning.room.length) beginning.room = enlarged(beginning.room, last ? total : Math.min(this.#maxBytes, 2 * total));
    beginning.room.set(piece, beginning.bytes);
    beginning.bytes = total;
    if (!last) {
      this.#beginnings.set(stream, beginning);
      return null;
    }
    this.#beginnings.delete(stream);
    return beginning.room.length === total ? beginning.room : beginning.room.slice(0, total);
  }

  drop(stream: number): void {
    this.#beginnings.delete(stream);
  }
}

function enlarged(bytes: Uint8Array, length: number): Uint8Array {
  const room = new Uint8Array(length);
  room.set(bytes);
  return room;
}
