/** The roots that somebody on this machine trusts: of a directory, as nodes read theirs, or of one file. */
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { readRoots, rootsOf } from '@starling/certificates';
import type { TrustAnswer } from '@starling/contract';
import { CommandError } from './usage.js';

/** Every *.crt and *.pem of a directory, or a file whatever its name. @throws CommandError when there is no root, or one that cannot be read */
export async function readTrustedRoots(path: string): Promise<TrustAnswer> {
  try {
    const found = statSync(path).isFile() ? rootsOf(new Map([[basename(path), readFileSync(path, 'utf8')]]), dirname(path)) : await readRoots(path, '--trust');
    return { roots: found.map((root) => ({ fingerprint: root.fingerprint256.replaceAll(':', '').toLowerCase(), pem: root.toString() })) };
  } catch (fault) {
    throw new CommandError(`The roots of ${path} cannot be used: ${(fault as Error).message}`);
  }
}
