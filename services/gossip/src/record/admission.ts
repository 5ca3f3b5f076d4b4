import type { CredentialRefusal } from './credential.js';

/** Why a bundle was not merged; the label of `starling_records_refused_total` and the names used in docs/PROTOCOL.md section 5. */
export type RefusalReason =
  | 'oversized'
  | 'malformed'
  | 'unsupported-version'
  | 'wrong-cluster'
  | 'superseded'
  | 'from-the-future'
  | 'too-old'
  | 'credential-missing'
  | 'signature-invalid'
  | 'equivocation'
  | 'leaf-reused'
  | 'departed'
  | 'too-many-origins'
  | 'own-identity'
  | `credential-${CredentialRefusal}`;
