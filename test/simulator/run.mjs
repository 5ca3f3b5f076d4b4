/** `npm run sim`: compiles what the simulator is made of, as far as it changed, and runs it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const build = spawnSync(process.execPath, [tsc, '-b', 'test/simulator'], { cwd: root, stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(build.status ?? 1);
// Ten thousand nodes hold a hundred records each; the default heap is too small for them, and scavenging small ones often costs more than it saves.
const run = spawnSync(process.execPath, ['--max-old-space-size=15000', '--max-semi-space-size=128', join(here, 'dist', 'main.js'), ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(run.status ?? 1);
