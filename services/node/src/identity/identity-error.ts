/** Why a node cannot have its identity, in words for the one who runs it. */
import { exitCodes, StartError } from '../errors.js';

export type IdentityFault =
  /** Another process has the directory. */
  | 'in-use'
  /** A file or the directory cannot be read. */
  | 'unreadable'
  /** A file or the directory cannot be written (permissions, read-only, full disk). */
  | 'unwritable'
  /** The key file holds something else than an Ed25519 private key in PKCS#8 PEM form. */
  | 'not-a-key'
  /** Others than the owner may read the key. */
  | 'exposed'
  /** The key belongs to another user. */
  | 'foreign-owner'
  /** The incarnation file holds no number. */
  | 'corrupt-incarnation'
  /** There is a key but no incarnation: to start from 1 would go back. */
  | 'missing-incarnation';

/** Nothing was overwritten when this is thrown. None of them goes away by itself, except `in-use` and a disk that somebody makes room on. */
export class IdentityError extends StartError {
  readonly fault: IdentityFault;

  constructor(fault: IdentityFault, message: string) {
    super(message, exitCodeOf(fault));
    this.name = 'IdentityError';
    this.fault = fault;
  }
}

function exitCodeOf(fault: IdentityFault): number {
  if (fault === 'in-use') return exitCodes.unavailable;
  return fault === 'unreadable' || fault === 'unwritable' || fault === 'foreign-owner' ? exitCodes.noPermission : exitCodes.configuration;
}

const another = 'Choose another directory with STARLING_DATA_DIR';

const causes: Readonly<Record<string, string>> = {
  EACCES: 'this user may not. Give the directory to the user that runs the node (chown), or choose another with STARLING_DATA_DIR',
  EPERM: 'this user may not. Give the directory to the user that runs the node (chown), or choose another with STARLING_DATA_DIR',
  EROFS: 'the file system is read-only. Choose a directory that can be written with STARLING_DATA_DIR',
  ENOENT: `what it should be in is gone, or lets nothing be made in it. ${another}`,
  ENOSPC: 'the disk is full. Make room, then start again',
  EDQUOT: 'the disk quota is used up. Make room, then start again',
  EIO: 'the disk reports an error. Restore the directory from a backup on a sound disk',
  EISDIR: 'it is a directory. Move it away',
  ENOTDIR: `a part of the path is a file. ${another}`,
  EEXIST: `a part of the path is no directory, or a link that leads nowhere. ${another}`,
  ENAMETOOLONG: `the path, or a name in it, is too long. ${another}`,
};

/** A file operation that failed; `operation` is a verb ("read"). */
export function fileError(fault: 'unreadable' | 'unwritable', operation: string, path: string, cause: unknown): IdentityError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new IdentityError(fault, `Cannot ${operation} ${path}: ${causes[code] ?? `${message}. ${another}`}.`);
}
