/** Whether leaf, key and roots fit together and will be accepted by others (docs/PROTOCOL.md sections 2 and 3). */
import type { X509Certificate } from 'node:crypto';
import { CertificateError, certificateErrorOf } from './certificate-error.js';
import { checkUri, type Holder } from './leaf-names.js';
import { type LeafFiles, readLeaf } from './leaf-with-key.js';
import { type TlsSet, tryTls } from './tls-set.js';
import type { ChainFacts, TrustedRoots } from './trusted-roots.js';

export interface LeafToCheck extends LeafFiles {
  readonly roots: TrustedRoots;
  readonly cluster: string;
  readonly holder: Holder;
}

export interface CheckedLeaf extends TlsSet {
  readonly facts: ChainFacts;
}

/** Dates are told and not judged. @throws CertificateError */
export function checkLeaf(given: LeafToCheck): CheckedLeaf {
  try {
    const { chain, chainPem, keyPem } = readLeaf(given);
    const facts = factsOf(given, chain);
    checkNames(given, facts);
    const set = { chainPem, keyPem, rootsPem: given.roots.pem };
    tryTls(set);
    return { ...set, facts };
  } catch (fault) {
    throw certificateErrorOf(fault, given.leafName);
  }
}

function factsOf({ roots, leafName }: LeafToCheck, chain: readonly X509Certificate[]): ChainFacts {
  const facts = roots.judge(chain.map((one) => one.raw));
  if (facts === 'malformed') throw new CertificateError('no-certificate', `${leafName} holds a certificate that cannot be read.`);
  if (facts !== 'untrusted-chain') return facts;
  const fault = roots.faultOf(chain.map((one) => one.raw));
  throw new CertificateError('untrusted-chain', `${leafName} leads to none of the ${roots.fingerprints.length} trusted roots: its last issuer is "${(chain.at(-1) as X509Certificate).issuer}".${fault === null ? '' : ` What keeps it out: ${fault}.`} Put that authority into the trust directory if it is ours, or issue the leaf under one that is there; intermediates follow the leaf, each the issuer of the one before.`);
}

function checkNames({ leafName, cluster, holder }: LeafToCheck, { uri, isAuthority, hasBothUsages }: ChainFacts): void {
  if (isAuthority) throw new CertificateError('wrong-authority', `${leafName} is the certificate of an authority. A ${holder.type} needs a leaf (CA:FALSE).`);
  if (!hasBothUsages) throw new CertificateError('wrong-usage', `The certificate ${leafName} needs both extended key usages, server auth and client auth. Issue it with both.`);
  checkUri({ uri, leafName, cluster, holder });
}
