/**
 * What all nodes of a simulation hold alike, once. Each of a thousand nodes holds what all the others said; were it a copy
 * of its own, there would be no room for it, and hardly time for anything but collecting what was superseded.
 */
import { equalBytes, type Memory, OwnMemory, type ReadBundle, wordOfSignature } from '@starling/gossip';
import { type CredentialResult, verdictOn } from './process.js';

/** After so many all are forgotten, and made anew for who meets them later; who holds one goes on holding it. */
const mostKept = 20_000;

interface Verdict {
  readonly credential: Uint8Array;
  readonly result: CredentialResult;
}

export class Shared implements Memory {
  /** What is on its way is soon read: buffers that many nodes fill are soon free. */
  readonly #messages = new OwnMemory();
  /** By the beginning of the signature. */
  readonly #bundles = new Map<number, ReadBundle>();
  readonly #verdicts = new Map<number, Verdict>();

  take(count: number): Uint8Array {
    return this.#messages.take(count);
  }

  /** The same bundle for all who have one of these bytes. */
  keep(bundle: ReadBundle): ReadBundle {
    const known = this.#bundles.get(wordOfSignature(bundle.bytes));
    if (known !== undefined && equalBytes(known.bytes, bundle.bytes)) return known;
    return remember(this.#bundles, bundle.bytes, bundle.detached());
  }

  /** That of the verdict, which everybody asked for before. */
  copy(credential: Uint8Array): Uint8Array {
    const known = this.#verdicts.get(wordOfSignature(credential));
    return known !== undefined && equalBytes(known.credential, credential) ? known.credential : credential.slice();
  }

  /** The same facts for all who ask about this credential. */
  verdict(credential: Uint8Array): CredentialResult {
    const known = this.#verdicts.get(wordOfSignature(credential));
    if (known !== undefined && equalBytes(known.credential, credential)) return known.result;
    const own = credential.slice();
    return remember(this.#verdicts, own, { credential: own, result: verdictOn(own) }).result;
  }
}

function remember<T>(kept: Map<number, T>, signed: Uint8Array, value: T): T {
  if (kept.size >= mostKept) kept.clear();
  kept.set(wordOfSignature(signed), value);
  return value;
}
