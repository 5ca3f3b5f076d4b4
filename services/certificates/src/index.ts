export { CertificateError, certificateErrorOf, type CertificateFault } from './certificate-error.js';
export { areSameFiles, type CertificateFiles, type CertificatePlaces, leafPathOf, keyPathOf, readCertificateFiles, readRoots, rootsOf } from './certificate-files.js';
export { checkUri, type Holder, type NamedUri, uriOf } from './leaf-names.js';
export { type LeafFiles, type LeafWithKey, readLeaf } from './leaf-with-key.js';
export { certificatesIn, type LeafKeyType, leafKeyType, privateKeyIn } from './pem.js';
export { type TlsSet, tryTls } from './tls-set.js';
export { type ChainFacts, type ChainRefusal, TrustedRoots, type Validity } from './trusted-roots.js';
