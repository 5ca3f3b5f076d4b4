/**
 * `node test/vectors/generate.mjs` writes the vectors anew, `--check` says whether they are current. The protocol is what
 * they say: a change of them is a change of the protocol.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const writes = !process.argv.includes('--check');
const run = spawnSync(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', 'property', 'test/vectors/current.test.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, STARLING_WRITE_VECTORS: writes ? '1' : '' },
});
process.exit(run.status ?? 1);
