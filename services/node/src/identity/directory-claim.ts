/**
 * One process per data directory. A claim is a listening socket in the directory: the kernel ends it with the process
 * however that dies, and whoever connects learns whether it lives, also from another container, where process ids mean
 * nothing. Every process first makes its claim and then looks for others, so two that start at once cannot both go on.
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileError, IdentityError } from './identity-error.js';

const claimPrefix = 'claim-';
const unfinishedPrefix = 'claiming-';

/** Gives the directory free. */
export type ReleaseClaim = () => Promise<void>;

/** @throws IdentityError `in-use` when another process, or this one, already has the directory. */
export async function claimDirectory(path: string): Promise<ReleaseClaim> {
  const directory = await open(path).catch((fault: unknown) => {
    throw fileError('unreadable', 'open', path, fault);
  });
  const name = randomBytes(6).toString('hex');
  const claim = join(path, claimPrefix + name);
  // A socket address has room for 107 bytes; by the open directory any path fits.
  const inDirectory = (file: string) => `/proc/self/fd/${directory.fd}/${file}`;
  let server: Server | null = null;
  const release = async () => {
    await unlink(claim).catch(() => undefined);
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
    await directory.close();
  };
  try {
    server = await listen(inDirectory(unfinishedPrefix + name));
    // Under its final name a claim listens from the first moment, so that nobody takes a young claim for a dead one.
    await rename(join(path, unfinishedPrefix + name), claim);
    await refuseIfShared(path, claimPrefix + name, inDirectory);
    return release;
  } catch (fault) {
    await release();
    throw fault instanceof IdentityError ? fault : fileError('unwritable', 'write in', path, fault);
  }
}

async function refuseIfShared(path: string, own: string, inDirectory: (file: string) => string): Promise<void> {
  const others = (await readdir(path)).filter((name) => (name.startsWith(claimPrefix) || name.startsWith(unfinishedPrefix)) && name !== own);
  const dead: string[] = [];
  for (const name of others) {
    if (!(await isListening(inDirectory(name)))) dead.push(name);
    else if (name.startsWith(claimPrefix)) throw new IdentityError('in-use', `Another process uses the data directory ${path}. Stop it, or give this node a directory of its own with STARLING_DATA_DIR.`);
  }
  // Only now: what a dying process left is removed by one that stays.
  for (const name of dead) await unlink(join(path, name)).catch(() => undefined);
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => resolve(server.unref()));
  });
}

/** True also when the answer is unclear: two processes under one key do more harm than one that does not start. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(path);
    const end = (listening: boolean) => {
      connection.destroy();
      resolve(listening);
    };
    connection.once('connect', () => end(true));
    connection.once('error', (fault: NodeJS.ErrnoException) => end(fault.code !== 'ECONNREFUSED' && fault.code !== 'ENOENT'));
  });
}
