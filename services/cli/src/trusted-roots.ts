/** The roots that somebody on this machine trusts: of a directory, as nodes read theirs, or of one file. */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TrustAnswer } from '@starling/contract';
import { CommandError } from './usage.js';

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Every *.crt and *.pem of a directory, or a file whatever its name. @throws CommandError when there is no root, or one that cannot be read */
export function readTrustedRoots(path: string): TrustAnswer {
  try {
    const files = statSync(path).isDirectory() ? readdirSync(path).filter((name) => /\.(?:crt|pem)$/.test(name)).sort().map((name) => join(path, name)) : [path];
    const roots = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(pemCertificate)].map(([pem]) => ({ fingerprint: fingerprintOf(pem, file), pem })));
    if (roots.length === 0) throw new Error('there is no certificate in PEM form');
    return { roots };
  } catch (fault) {
    throw new CommandError(`The roots of ${path} cannot be used: ${(fault as Error).message}.`);
  }
}

/** SHA-256, hexadecimal. */
function fingerprintOf(pem: string, file: string): string {
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    throw new Error(`${file} holds a certificate that is broken`);
  }
}
