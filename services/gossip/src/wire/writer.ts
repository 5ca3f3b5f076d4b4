/** Bytes out (docs/PROTOCOL.md 1.1). Grows as needed; the owner knows the bounds. */
import { encodeUtf8 } from './utf8.js';

export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  /** `bytes`: where to write, as far as it reaches. */
  constructor(bytes: Uint8Array = new Uint8Array(256)) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** An integer, 0 <= value <= 2^53 - 1. */
  varint(value: number): this {
    if (value < 0x80) return this.u8(value);
    this.#reserve(varintBytes(value));
    let rest = value;
    for (; rest >= 0x80 && rest <= 0x7fffffff; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
    return this;
  }

  /** An integer, |value| <= 2^52 - 1. */
  svarint(value: number): this {
    return this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  bytes(value: Uint8Array): this {
    this.#reserve(value.length);
    // A call of `set` costs more than to copy a prefix of eight bytes here.
    if (value.length <= 8) for (let i = 0; i < value.length; i++) this.#bytes[this.#length + i] = value[i] as number;
    else this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  blob(value: Uint8Array): this {
    return this.varint(value.length).bytes(value);
  }

  text(value: string): this {
    return this.blob(encodeUtf8(value));
  }

  /** What was written; the writer is done with. A copy unless the room was exactly right. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Bytes that this number takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
