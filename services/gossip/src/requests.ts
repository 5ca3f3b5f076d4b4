/** What the core asks of its shell and is answered later: signatures, and verdicts on those of others. */
import type { CredentialVerdict, Input, RequestId } from './input.js';
import type { Request } from './output.js';

type Answer = Extract<Input, { readonly request: RequestId }>;

export class Requests {
  readonly #emit: (request: Request) => void;
  readonly #signing = new Map<RequestId, (signature: Uint8Array) => void>();
  readonly #signatures = new Map<RequestId, (valid: boolean) => void>();
  readonly #credentials = new Map<RequestId, (verdict: CredentialVerdict) => void>();
  #last = 0;

  constructor(emit: (request: Request) => void) {
    this.#emit = emit;
  }

  sign(message: Uint8Array, onSigned: (signature: Uint8Array) => void): void {
    const request = this.#next();
    this.#signing.set(request, onSigned);
    this.#emit({ type: 'sign', request, message });
  }

  verifySignature(signed: { readonly publicKey: Uint8Array; readonly message: Uint8Array; readonly signature: Uint8Array }, onVerified: (valid: boolean) => void): void {
    const request = this.#next();
    this.#signatures.set(request, onVerified);
    this.#emit({ type: 'verify-signature', request, ...signed });
  }

  verifyCredential(credential: Uint8Array, onVerified: (verdict: CredentialVerdict) => void): void {
    const request = this.#next();
    this.#credentials.set(request, onVerified);
    this.#emit({ type: 'verify-credential', request, credential });
  }

  /** Each request is answered once; an answer to none is nothing. */
  answered(answer: Answer): void {
    switch (answer.type) {
      case 'signed':
        return take(this.#signing, answer.request)?.(answer.signature);
      case 'signature-verified':
        return take(this.#signatures, answer.request)?.(answer.valid);
      case 'credential-verified':
        return take(this.#credentials, answer.request)?.(answer.result);
    }
  }

  #next(): RequestId {
    this.#last += 1;
    return this.#last;
  }
}

function take<T>(waiting: Map<RequestId, T>, request: RequestId): T | undefined {
  const found = waiting.get(request);
  waiting.delete(request);
  return found;
}
