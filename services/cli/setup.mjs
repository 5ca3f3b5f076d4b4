/**
 * What `npm start` and `npm test` need before anything of ours can be loaded: the packages, and a build that is not
 * older than the sources. Plain JavaScript, because it runs before both.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const leastNode = [20, 19];
/** Of the one binary that there is of the QUIC library. */
const leastGlibc = [2, 34];

/** Ends the process with one clear message when this machine cannot run Starling. */
export function requirePlatform() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1])) {
    fail(`Node ${leastNode.join('.')} or newer is needed; this is ${process.versions.node}. Install a newer Node.js and try again.`);
  }
  const where = 'The QUIC library has a binary for Linux on x86-64 with glibc 2.34 or newer alone (Debian 12, Ubuntu 22.04, RHEL 9; not Alpine, not ARM). Run Starling there, or in the container image.';
  if (process.platform !== 'linux' || process.arch !== 'x64') fail(`Starling does not run on ${process.platform} ${process.arch}. ${where}`);
  const glibc = process.report?.getReport().header.glibcVersionRuntime;
  const [glibcMajor, glibcMinor] = (glibc ?? '0.0').split('.').map(Number);
  if (glibcMajor < leastGlibc[0] || (glibcMajor === leastGlibc[0] && glibcMinor < leastGlibc[1])) {
    fail(`Starling does not run with ${glibc === undefined ? 'another C library than glibc' : `glibc ${glibc}`}. ${where}`);
  }
}

/** `npm ci`, only when the packages are missing or older than the lock file. */
export function requirePackages() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return;
  step('Installing packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Compiles what changed; the page is built only when one of its sources is newer than the built one. */
export function requireBuild() {
  step('Building the services', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
  const page = join(root, 'ui', 'dist', 'index.html');
  const sources = ['ui/src', 'ui/index.html', 'ui/package.json', 'ui/vite.config.ts', 'services/contract/src', 'services/gossip/src', 'services/verification/src', 'package-lock.json'];
  if (existsSync(page) && sources.every((source) => newest(join(root, source)) <= statSync(page).mtimeMs)) return;
  step('Building the page', 'npm', ['run', 'build', '--silent', '-w', 'ui', '--', '--logLevel', 'warn']);
}

/** Runs a command in the root folder with our own output, and ends the process when it fails. */
export function step(title, command, args) {
  const started = Date.now();
  process.stdout.write(`${title} ...\n`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail(`${title}: failed${error ? ` (${error.message})` : ''}. See the output above.`);
  process.stdout.write(`${title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
}

export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
