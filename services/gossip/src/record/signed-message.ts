/** What is signed: a domain, a zero byte, and the bytes themselves; so that no signature means something elsewhere. */
import type { Memory } from '../memory.js';

const domains = ['starling/bundle/1', 'starling/credential/1', 'starling/proof/1'] as const;
export type Domain = (typeof domains)[number];

const heads = new Map<Domain, Uint8Array>(domains.map((domain) => [domain, Uint8Array.from([...domain].map((letter) => letter.charCodeAt(0)).concat(0))]));

/** `memory`: where the bytes are taken from, when many are needed. */
export function signedMessage(domain: Domain, body: Uint8Array, memory?: Memory): Uint8Array {
  const head = heads.get(domain) as Uint8Array;
  const length = head.length + body.length;
  const message = memory === undefined ? new Uint8Array(length) : memory.take(length);
  message.set(head);
  message.set(body, head.length);
  return message;
}
