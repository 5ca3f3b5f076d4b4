export { CertificateError, certificateErrorOf, type CertificateFault } from './certificate-error.js';
export { areSameFiles, type CertificateFiles, type CertificatePlaces, leafPathOf, keyPathOf, readCertificateFiles, readRoots, rootsOf } from './certificate-files.js';
export { checkLeaf } from './leaf-check.js';
export type { LeafFiles } from './leaf-with-key.js';
export { certificatesIn, leafKeyType, privateKeyIn } from './pem.js';
export type { TlsSet } from './tls-set.js';
export { type ChainFacts, TrustedRoots, type Validity } from './trusted-roots.js';
