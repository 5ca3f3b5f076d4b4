/** Which certificates may follow one another in a chain (docs/PROTOCOL.md 3.6); signatures and dates are for others to check. */
import type { Certificate } from './certificate.js';
import { equalBytes } from './node-id.js';

/** Of keys that sign certificates: on P-256, P-384 and P-521, of Ed25519, of RSA. */
const keyAlgorithms = ['301306072a8648ce3d020106082a8648ce3d030107', '301006072a8648ce3d020106052b81040022', '301006072a8648ce3d020106052b81040023', '300506032b6570', '300d06092a864886f70d0101010500'];
/** ECDSA, and RSA with PKCS #1 v1.5, each with SHA-256, SHA-384 and SHA-512; Ed25519. */
const signatureAlgorithms = [
  ...['300a06082a8648ce3d040302', '300a06082a8648ce3d040303', '300a06082a8648ce3d040304'],
  ...['300d06092a864886f70d01010b0500', '300d06092a864886f70d01010c0500', '300d06092a864886f70d01010d0500'],
  '300506032b6570',
];

/**
 * What is wrong, in words, with a chain that leads to this root, or to any; null when its form is sound. `chain` is
 * leaf first, without the root.
 */
export function chainFault(chain: readonly Certificate[], root?: Certificate): string | null {
  const path = root === undefined ? chain : [...chain, root];
  if (path.some(({ signedPart }, i) => path.slice(0, i).some((other) => equalBytes(other.signedPart, signedPart)))) return 'a certificate is in it twice, or the root is';
  let authoritiesBelow = 0;
  for (const [i, certificate] of path.entries()) {
    const issued = path[i - 1];
    const fault = issued === undefined ? null : (linkFault(issued, certificate) ?? authorityFault(certificate, authoritiesBelow));
    if (fault !== null) return fault;
    if (certificate.hasUnknownCritical) return 'a certificate has a critical extension that is unknown here';
    if (issued !== undefined && !equalBytes(certificate.issuer, certificate.subject)) authoritiesBelow += 1;
  }
  return null;
}

/**
 * Why the chain leads to none of these roots, as far as its form tells; null when it may lead to one, or none of them has
 * the name of its last issuer.
 */
export function faultUnder(chain: readonly Certificate[], roots: readonly Certificate[]): string | null {
  const issuer = chain.at(-1)?.issuer;
  const named = roots.filter(({ subject }) => issuer !== undefined && equalBytes(subject, issuer));
  const faults = named.map((root) => chainFault(chain, root));
  return faults.includes(null) ? null : (faults[0] ?? chainFault(chain));
}

function linkFault(certificate: Certificate, issuer: Certificate): string | null {
  if (!equalBytes(certificate.issuer, issuer.subject)) return 'a certificate was issued by another than the next';
  const isOther = (named: Uint8Array | null, own: Uint8Array | null) => named !== null && own !== null && !equalBytes(named, own);
  if (isOther(certificate.issuerKeyId, issuer.keyId) || isOther(certificate.issuerSerial, issuer.serial)) return 'a certificate names another key of its issuer';
  const isKnown = signatureAlgorithms.includes(certificate.signatureAlgorithm) && keyAlgorithms.includes(issuer.keyAlgorithm);
  return isKnown ? null : 'a certificate is signed by an algorithm that is not allowed';
}

function authorityFault(authority: Certificate, authoritiesBelow: number): string | null {
  if (!authority.isAuthority || !authority.maySign) return 'an issuer may not issue certificates';
  if (authority.pathLength < authoritiesBelow) return 'an authority has more authorities below it than its path length allows';
  if (authority.hasNameConstraints) return 'an authority has name constraints, which are not supported';
  if (authority.hasBothUsages === false) return 'an authority has extended key usages, but not both serverAuth and clientAuth';
  return null;
}
