/** Why a certificate, a key or a set of roots cannot be used, and what to do. */

export type CertificateFault =
  | 'unreadable'
  | 'no-certificate'
  | 'no-key'
  | 'unsupported-key'
  | 'key-mismatch'
  | 'no-roots'
  | 'untrusted-chain'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-authority'
  | 'wrong-usage'
  | 'wrong-uri'
  | 'wrong-cluster'
  | 'wrong-node'
  | 'too-long'
  /** A library has something against it that is not looked for here. */
  | 'unusable';

/** Nothing was changed; what was in use stays in use. The message names the file and says what to do. */
export class CertificateError extends Error {
  readonly fault: CertificateFault;

  constructor(fault: CertificateFault, message: string) {
    super(message);
    this.name = 'CertificateError';
    this.fault = fault;
  }
}

/** Of whatever was thrown: OpenSSL and BoringSSL throw at many places for what they cannot read, or do not let pass. `name` is that of the leaf's file. */
export function certificateErrorOf(fault: unknown, name: string): CertificateError {
  if (fault instanceof CertificateError) return fault;
  const reason = (fault instanceof Error ? fault.message : String(fault)).split('\n', 1)[0];
  return new CertificateError('unusable', `The certificate ${name} cannot be used with its key and the trusted roots: ${reason}. Issue it with an ECDSA key on the named curve P-256, or an Ed25519 key, under authorities whose keys are at least as strong.`);
}
