/** The data directory, made where it is missing. */
import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileError } from './identity-error.js';

/**
 * Makes the directory and what is missing above it, for the owner alone. Not by `recursive` of mkdir: where nothing can be
 * made in a directory that exists (/proc) the kernel says ENOENT, which Node.js takes for a missing parent; it makes that,
 * finds it there, and tries again for ever.
 * @throws IdentityError
 */
export async function makeDirectory(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.push(at);
  for (const at of missing.reverse()) {
    await mkdir(at, { mode: 0o700 }).catch(async (fault: unknown) => {
      // Somebody else may have made it meanwhile.
      const status = await stat(at).catch(() => null);
      if (status?.isDirectory() !== true) throw fileError('unwritable', 'make the directory', path, fault);
    });
  }
}
