/** Names of nodes as bytes and as text. */
import type { NodeId } from '../input.js';

export const nodeIdBytes = 32;

/** By value of four bits. */
const digits = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

export function toHex(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (let i = 0; i < bytes.length; i++) codes.push(digits[(bytes[i] as number) >> 4] as number, digits[(bytes[i] as number) & 15] as number);
  return String.fromCharCode(...codes);
}

/** Null unless `text` is an even number of lowercase hexadecimal digits. */
export function fromHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export function isNodeId(text: string): text is NodeId {
  return /^[0-9a-f]{64}$/.test(text);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether `part` stands in `bytes` at this place. */
export function equalBytesAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  if (bytes.length - at < part.length) return false;
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}

/** Like strcmp: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Four bytes as a number of 32 bits with a sign, most significant byte first. */
export function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
}
