/** Why a certificate, a key or a set of roots cannot be used, and what to do. */
import { StartError } from '../errors.js';

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
  | 'too-long';

/** Nothing was changed; what was in use stays in use. The message names the file and says what to do. */
export class CertificateError extends StartError {
  readonly fault: CertificateFault;

  constructor(fault: CertificateFault, message: string) {
    super(message);
    this.name = 'CertificateError';
    this.fault = fault;
  }
}
