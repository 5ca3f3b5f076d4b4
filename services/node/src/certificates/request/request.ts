/**
 * A leaf of the pod's own from cert-manager: the key is made here and stays in this process, a CertificateRequest carries the signing request, and
 * the answer is compared with what was asked for. https://cert-manager.io/docs/usage/certificaterequest/
 */
import { randomBytes } from 'node:crypto';
import type { TrustedRoots } from '@starling/certificates';
import { formatLeafUri } from '@starling/gossip';
import { checkAnswer } from './answer-check.js';
import { submitInChild, type ChildOptions } from './child-process.js';
import { makeSigningRequest } from './signing-request.js';
import type { Ask, Issuer, Outcome, RefusalReason } from './submission.js';

export interface RequestOptions extends ChildOptions {
  /** The network, in the leaf's URI. */
  readonly cluster: string;
  readonly namespace: string;
  /** Name and UID of this pod: the request is named after it and owned by it. */
  readonly pod: string;
  readonly podUid: string;
  readonly issuer: Issuer;
  readonly durationMs: number;
  /** The trusted roots, asked for when the answer is there: one may have been added meanwhile. */
  readonly readRoots: () => Promise<TrustedRoots>;
  /** How long to wait for the issuer. */
  readonly timeoutMs?: number;
  /** In tests something else than the child process. */
  readonly submit?: (ask: Ask, options: ChildOptions) => Promise<Outcome>;
}

export interface IssuedCertificate {
  /** PEM of the leaf, then its intermediates. Of the name that was asked for; whether it can be used has yet to be checked. */
  readonly chainPem: string;
  /** PKCS#8 PEM. */
  readonly keyPem: string;
  /** Of the leaf, milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Why there is no certificate. Every one can happen in normal life except `wrong-answer`; a later request may succeed. */
export class CertificateRequestError extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, detail: string) {
    super(`no certificate (${reason}): ${detail}`);
    this.name = 'CertificateRequestError';
    this.reason = reason;
  }
}

const standardTimeoutMs = 120_000;

/** Rejects with a CertificateRequestError, or as `readRoots` does. The caller tries again, later and later, with another call: each makes a key and a request of its own. */
export async function requestCertificate(options: RequestOptions): Promise<IssuedCertificate> {
  const uri = formatLeafUri({ form: 'leaf', cluster: options.cluster, name: `${options.namespace}.${options.pod}` });
  const { keyPem, signingRequestPem } = await makeSigningRequest(uri);
  const ask: Ask = {
    pod: options.pod,
    podUid: options.podUid,
    namespace: options.namespace,
    name: `${options.pod}-${randomBytes(5).toString('hex')}`,
    issuer: options.issuer,
    durationS: Math.floor(options.durationMs / 1_000),
    signingRequestPem,
    timeoutMs: options.timeoutMs ?? standardTimeoutMs,
  };
  const outcome = await (options.submit ?? submitInChild)(ask, options);
  if (outcome.outcome === 'refused') throw new CertificateRequestError(outcome.reason, outcome.detail);
  const checked = checkAnswer(outcome.chainPem, { uri, roots: await options.readRoots() });
  if (checked.verdict === 'reject') throw new CertificateRequestError('wrong-answer', `${options.issuer.kind} ${options.issuer.name} issued a certificate, but ${checked.reason}`);
  const [leaf] = checked.chain;
  return { chainPem: checked.chain.map((one) => one.toString()).join(''), keyPem, notBeforeMs: Date.parse(leaf.validFrom), notAfterMs: Date.parse(leaf.validTo) };
}

/** When to ask for the next one: after two thirds of its life, a tenth of that earlier or later, so that nodes started together do not ask together. */
export function renewAtMs(leaf: Pick<IssuedCertificate, 'notBeforeMs' | 'notAfterMs'>, random: () => number): number {
  const lifeMs = leaf.notAfterMs - leaf.notBeforeMs;
  return leaf.notBeforeMs + lifeMs * (2 / 3) * (0.9 + 0.2 * random());
}
