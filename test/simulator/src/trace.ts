/** A running hash over everything that happens in a run, in order: two runs are the same when their hashes are. */
export class Trace {
  #a = 0x811c9dc5;
  #b = 0x9e3779b9;

  /** Times are told apart down to a thousandth of a millisecond. */
  note(atMs: number, what: number, detail: number): void {
    const us = Math.round(atMs * 1_000);
    this.#a = Math.imul(this.#a ^ us, 0x01000193) ^ (what + Math.imul(detail, 0x85ebca6b));
    this.#b = Math.imul((this.#b << 5) ^ (this.#b >>> 27) ^ this.#a, 0x85ebca6b) ^ (us / 2 ** 32);
  }

  /** A message: its length and its last eight bytes, where signatures end. */
  noteBytes(atMs: number, what: number, bytes: Uint8Array): void {
    const { length } = bytes;
    let tail = length;
    for (let i = Math.max(0, length - 8); i < length; i++) tail = Math.imul(tail, 31) + (bytes[i] as number);
    this.note(atMs, what, tail);
  }

  get hash(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
