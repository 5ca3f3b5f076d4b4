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

  /** A message: its length and every byte of it. */
  noteBytes(atMs: number, what: number, bytes: Uint8Array): void {
    this.note(atMs, what, digest(bytes));
  }

  get hash(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

/** MurmurHash3 (Appleby 2011), 32 bits, without the last mixing, which a running hash does anyhow: what differs in one bit of a word is not undone by the next word. */
function digest(bytes: Uint8Array): number {
  const { length } = bytes;
  const whole = length & ~3;
  let lane = length;
  for (let i = 0; i < whole; i += 4) lane = mixed(lane, (bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24));
  for (let i = whole; i < length; i++) lane = mixed(lane, bytes[i] as number);
  return lane;
}

function mixed(lane: number, word: number): number {
  const spread = Math.imul(word, 0xcc9e2d51);
  const other = lane ^ Math.imul((spread << 15) | (spread >>> 17), 0x1b873593);
  return (Math.imul((other << 13) | (other >>> 19), 5) + 0xe6546b64) | 0;
}
