/** The long-term key of this node and the number of its present life, on disk. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { join } from 'node:path';
import { type NodeId, toHex } from '@starling/gossip';
import { claimDirectory } from './directory-claim.js';
import { type FileContent, readWhole, writeDurably } from './durable-file.js';
import { makeDirectory } from './directory.js';
import { IdentityError } from './identity-error.js';

export { IdentityError, type IdentityFault } from './identity-error.js';
export { createSignatureVerifier, type VerifySignature } from './verify-signature.js';

export interface Identity {
  /** The public key. */
  readonly nodeId: NodeId;
  /** Of this life; already on disk, and greater than that of every earlier life of this directory. */
  readonly incarnation: number;
  /** Ed25519 over exactly these bytes, 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** Resolves when this life or a later one is on disk; a smaller number than that there changes nothing. @throws IdentityError */
  readonly persistIncarnation: (incarnation: number) => Promise<void>;
  /** Gives the directory free for another process. */
  readonly release: () => Promise<void>;
}

const keyFile = 'identity.key';
const incarnationFile = 'incarnation';

/**
 * Makes the directory, the key (PKCS#8 PEM) and the incarnation (a decimal number and a newline) where they are missing;
 * replaces nothing that it does not understand.
 * @throws IdentityError
 */
export async function openIdentity(dataDir: string): Promise<Identity> {
  await makeDirectory(dataDir);
  const release = await claimDirectory(dataDir);
  try {
    const keyPath = join(dataDir, keyFile);
    const storedKey = await readWhole(keyPath);
    // The incarnation comes first: a node that dies between the two leaves no key behind that has lost its number.
    const incarnation = await nextIncarnation(join(dataDir, incarnationFile), storedKey !== null);
    const key = storedKey === null ? await makeKey(keyPath) : readKey(keyPath, storedKey);
    return {
      nodeId: nodeIdOf(key),
      incarnation,
      sign: (message) => sign(null, message, key),
      persistIncarnation: incarnationKeeper(join(dataDir, incarnationFile), incarnation),
      release,
    };
  } catch (fault) {
    await release();
    throw fault;
  }
}

async function makeKey(path: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeDurably(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return privateKey;
}

function readKey(path: string, stored: FileContent): KeyObject {
  const user = process.getuid?.();
  if (user !== undefined && stored.ownerUid !== user) {
    throw new IdentityError('foreign-owner', `The key ${path} belongs to user ${stored.ownerUid}, but this process runs as ${user}. Run the node as that user, or give the directory to this one (chown -R ${user}).`);
  }
  if ((stored.mode & 0o077) !== 0) {
    throw new IdentityError('exposed', `The key ${path} may be used by others than its owner (mode ${(stored.mode & 0o777).toString(8)}). Run chmod 600 on it; if somebody may have read it, remove it and ${incarnationFile} beside it: the node then starts under a new name.`);
  }
  const key = privateKeyOf(stored.text);
  if (key?.asymmetricKeyType !== 'ed25519') {
    const found = key === null ? 'is damaged or no private key' : `holds a key of the type ${key.asymmetricKeyType}`;
    throw new IdentityError('not-a-key', `${path} ${found}; it should be an Ed25519 key in PKCS#8 PEM form, without a passphrase. Restore it from a backup, or remove it and ${incarnationFile} beside it: the node then starts under a new name.`);
  }
  return key;
}

function privateKeyOf(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}

function nodeIdOf(privateKey: KeyObject): NodeId {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return toHex(Buffer.from(x, 'base64url'));
}

/** Reads the last life, and keeps the next one on disk before anybody can use it. */
async function nextIncarnation(path: string, hasKey: boolean): Promise<number> {
  const stored = await readWhole(path);
  if (stored === null && hasKey) {
    throw new IdentityError('missing-incarnation', `${path} is missing beside the key. Restore it, or write a number into it (with a newline) that is greater than the last incarnation of this node in the network; to start under a new name instead, remove ${keyFile} as well.`);
  }
  // The newline tells a whole number from the beginning of one.
  const last = stored === null ? 0 : numberIn(stored.text);
  if (last === null) {
    throw new IdentityError('corrupt-incarnation', `${path} does not hold a number and a newline. Write a number into it that is greater than the last incarnation of this node in the network, or remove it and ${keyFile}: the node then starts under a new name.`);
  }
  await writeDurably(path, `${last + 1}\n`);
  return last + 1;
}

/** Null unless it is a number that has a successor. */
function numberIn(text: string): number | null {
  const number = /^(0|[1-9][0-9]{0,15})\n$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number + 1) ? number : null;
}

function incarnationKeeper(path: string, kept: number): (incarnation: number) => Promise<void> {
  let greatest = kept;
  let last: Promise<void> = Promise.resolve();
  return (incarnation) => {
    // One after the other, also after a failure: two writers would share the unfinished file.
    const write = last
      .catch(() => undefined)
      .then(async () => {
        if (incarnation <= greatest) return;
        await writeDurably(path, `${incarnation}\n`);
        greatest = incarnation;
      });
    last = write.catch(() => undefined);
    return write;
  };
}
