/** Files that are whole at every moment, whenever the process or the machine dies. */
import { constants } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileError, IdentityError } from './identity-error.js';

/** What a file of ours may hold at most, bytes: more is not ours. */
const maxFileBytes = 16_384;

export interface FileContent {
  readonly text: string;
  readonly ownerUid: number;
  readonly mode: number;
}

/** Null when there is no such file. @throws IdentityError when it cannot be read or is no ordinary file. */
export async function readWhole(path: string): Promise<FileContent | null> {
  try {
    // Without O_NONBLOCK a FIFO in this place would hold the start for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = await file.stat();
      if (!status.isFile() || status.size > maxFileBytes) throw new IdentityError('unreadable', `${path} is no file that a node made (${status.isFile() ? `${status.size} bytes` : 'not an ordinary file'}). Move it away, or choose another directory with STARLING_DATA_DIR.`);
      return { text: await file.readFile('utf8'), ownerUid: status.uid, mode: status.mode };
    } finally {
      await file.close();
    }
  } catch (fault) {
    if (fault instanceof IdentityError) throw fault;
    if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw fileError('unreadable', 'read', path, fault);
  }
}

/**
 * Replaces the file as a whole; readable by the owner alone. When it resolves the content survives a loss of power; when
 * it rejects the old content is still there. Not for two writers at once.
 * @throws IdentityError
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`;
  try {
    await removeIfThere(unfinished);
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
    await syncDirectory(dirname(path));
  } catch (fault) {
    await removeIfThere(unfinished).catch(() => undefined);
    throw fileError('unwritable', 'write', path, fault);
  }
}

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((fault: NodeJS.ErrnoException) => {
    if (fault.code !== 'ENOENT') throw fault;
  });
}

/** The new name of a file is as durable as its directory. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
