/** Messages that come in pieces, one stream each, of bounded length. */
export class StreamAssembly {
  readonly #maxBytes: number;
  readonly #pieces = new Map<number, { readonly chunks: Uint8Array[]; bytes: number }>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Copies the piece. Returns the whole message when this was its last piece, null when more is to come. */
  add(stream: number, piece: Uint8Array, last: boolean): Uint8Array | null | 'oversized' {
    const known = this.#pieces.get(stream);
    const total = (known?.bytes ?? 0) + piece.length;
    if (total > this.#maxBytes) return 'oversized';
    if (known === undefined && last) return new Uint8Array(piece);
    const pieces = known ?? { chunks: [], bytes: 0 };
    pieces.chunks.push(new Uint8Array(piece));
    pieces.bytes = total;
    if (!last) {
      this.#pieces.set(stream, pieces);
      return null;
    }
    this.#pieces.delete(stream);
    const message = new Uint8Array(total);
    let at = 0;
    for (const chunk of pieces.chunks) {
      message.set(chunk, at);
      at += chunk.length;
    }
    return message;
  }

  drop(stream: number): void {
    this.#pieces.delete(stream);
  }
}
