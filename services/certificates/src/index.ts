export { CertificateError, certificateErrorOf, type CertificateFault } from './certificate-error.js';
export { areSameFiles, type CertificateFiles, type CertificatePlaces, leafPathOf, keyPathOf, readCertificateFiles, readRoots, rootsOf } from './certificate-files.js';
export { type CheckedLeaf, checkLeaf, type LeafToCheck } from './leaf-check.js';
export type { Holder } from './leaf-names.js';
export type { LeafFiles } from './leaf-with-key.js';
export { certificatesIn, type LeafKeyType, leafKeyType, privateKeyIn } from './pem.js';
export type { TlsSet } from './tls-set.js';
export { type ChainFacts, type ChainRefusal, TrustedRoots, type Validity } from './trusted-roots.js';
