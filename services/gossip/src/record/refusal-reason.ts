/** Why a bundle is not merged, by name (docs/PROTOCOL.md 5.2 and 5.3). */
import type { OriginLimit } from '../store/merge.js';
import type { CredentialRefusal } from './credential.js';

/** The label of `starling_records_refused_total` as well. */
export type RefusalReason = (typeof refusalReasons)[number] | `credential-${CredentialRefusal}`;

/** Those that have nothing to do with the credential's own contents. */
export const refusalReasons = [
  'oversized', 'malformed', 'unsupported-version', 'wrong-cluster', 'superseded', 'from-the-future', 'too-old', 'credential-missing', 'signature-invalid',
  'equivocation', 'leaf-reused', 'departed', 'too-many-origins', 'too-many-kinds', 'too-many-bytes', 'too-frequent', 'too-many-refused', 'overloaded', 'own-identity',
] as const;

/** Reasons that prove the sender itself at fault: an honest node checks all of this before it passes anything on. */
export const faults: ReadonlySet<RefusalReason> = new Set<RefusalReason>(['oversized', 'malformed', 'wrong-cluster', 'signature-invalid']);

/** For the limits of what is held of one origin. */
export const reasonOfLimit: Readonly<Record<OriginLimit, RefusalReason>> = { maxKindsPerOrigin: 'too-many-kinds', maxOriginBytes: 'too-many-bytes' };
