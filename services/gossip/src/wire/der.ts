/** DER as certificates are written in (ITU-T X.690): tags of one byte, and lengths in the shortest form. */

export interface DerElement {
  readonly tag: number;
  /** Without tag and length. */
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

/**
 * A read that cannot be done sets `failed` and returns nothing, and so does a read of what is not there. Nothing is ever
 * thrown, and whoever reads asks `failed` once at the end.
 */
export class DerReader {
  #failed = false;

  get failed(): boolean {
    return this.#failed;
  }

  /** For readers that find a value out of bounds. */
  fail(): void {
    this.#failed = true;
  }

  /** The elements that these bytes are, one after the other. */
  elementsOf(bytes: Uint8Array | undefined): readonly DerElement[] {
    const elements: DerElement[] = [];
    for (let at = 0; at < (bytes?.length ?? 0) && !this.#failed; ) {
      const element = elementAt(bytes as Uint8Array, at);
      if (element === null) this.#failed = true;
      else elements.push(element);
      at += element?.whole.length ?? 0;
    }
    if (bytes === undefined) this.#failed = true;
    return this.#failed ? [] : elements;
  }

  /** The one element that these bytes are. */
  onlyElementOf(bytes: Uint8Array | undefined): DerElement | undefined {
    const elements = this.elementsOf(bytes);
    if (elements.length !== 1) this.#failed = true;
    return this.#failed ? undefined : elements[0];
  }
}

function elementAt(bytes: Uint8Array, at: number): DerElement | null {
  const tag = bytes[at] ?? 0;
  const first = bytes[at + 1] ?? 0x80;
  // A tag that goes on in the next byte, a length without an end or beyond any certificate.
  if ((tag & 0x1f) === 0x1f || first === 0x80 || first > 0x83) return null;
  const from = at + 2 + (first > 0x80 ? first & 0x7f : 0);
  const longLength = bytes.subarray(at + 2, from).reduce((sum, byte) => sum * 0x100 + byte, 0);
  const isShortest = first < 0x80 || (longLength >= 0x80 && bytes[at + 2] !== 0);
  const to = from + (first < 0x80 ? first : longLength);
  return isShortest && to <= bytes.length ? { tag, content: bytes.subarray(from, to), whole: bytes.subarray(at, to) } : null;
}
