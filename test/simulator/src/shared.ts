/**
 * What all nodes of a simulation hold alike, once. Each of a thousand nodes holds what all the others said; were it a copy
 * of its own, there would be no room for it, and hardly time for anything but collecting what was superseded.
 */
import { equalBytes, type Memory, OwnMemory, type ReadBundle, signatureOfBundle } from '@starling/gossip';
import { type CredentialResult, verdictOn } from './process.js';

/** After so many newer ones those that nobody met meanwhile are forgotten; who holds one goes on holding it. */
const generation = 20_000;

/** The values of late, by a number that tells most of them apart. */
class Recent<T> {
  #young = new Map<number, T>();
  #old = new Map<number, T>();

  get(key: number): T | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: number, value: T): void {
    if (this.#young.get(key) === value) return;
    if (this.#young.size >= generation) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

export class Shared implements Memory {
  /** What is on its way is soon read: buffers that many nodes fill are soon free. */
  readonly #messages = new OwnMemory();
  readonly #bundles = new Recent<ReadBundle>();
  readonly #verdicts = new Recent<{ readonly credential: Uint8Array; readonly result: CredentialResult }>();

  take(count: number): Uint8Array {
    return this.#messages.take(count);
  }

  /** The same bundle for all who have one of these bytes. */
  keep(bundle: ReadBundle): ReadBundle {
    const key = firstWord(signatureOfBundle(bundle.bytes));
    const known = this.#bundles.get(key);
    const kept = known !== undefined && equalBytes(known.bytes, bundle.bytes) ? known : bundle.detached();
    this.#bundles.set(key, kept);
    return kept;
  }

  /** The same facts for all who ask about this credential. */
  verdict(credential: Uint8Array): CredentialResult {
    const key = firstWord(credential.subarray(-signatureBytes));
    const known = this.#verdicts.get(key);
    const verdict = known !== undefined && equalBytes(known.credential, credential) ? known : judged(credential.slice());
    this.#verdicts.set(key, verdict);
    return verdict.result;
  }
}

function judged(credential: Uint8Array): { readonly credential: Uint8Array; readonly result: CredentialResult } {
  return { credential, result: verdictOn(credential) };
}

const signatureBytes = 64;

function firstWord(bytes: Uint8Array): number {
  return (bytes[0] as number) | ((bytes[1] as number) << 8) | ((bytes[2] as number) << 16) | (((bytes[3] as number) & 0x3f) << 24);
}
