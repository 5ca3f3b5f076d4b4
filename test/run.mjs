/**
 * `npm test`: installs what is missing, then checks everything that needs no cluster. The last line sums up.
 * `npm test -- --only unit,property` runs some of the projects of vitest.config.ts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { requireBuild, requirePackages, requirePlatform, root, step } from '../services/cli/setup.mjs';

const projects = ['unit', 'property', 'simulation', 'conformance', 'integration', 'ui', 'chart'];
const { values } = parseArgs({ options: { only: { type: 'string' } } });
const chosen = values.only === undefined ? projects : values.only.split(',');

requirePlatform();
requirePackages();
requireDebian();
requireBuild();
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
step('Checking types of the tests', process.execPath, [tsc, '-p', 'test']);
step('Checking types of the page', 'npm', ['run', 'typecheck', '--silent', '-w', 'ui']);
step('Linting', 'npm', ['run', 'lint', '--silent']);

const results = join(root, 'test-results', 'vitest.json');
rmSync(results, { force: true });
mkdirSync(join(root, 'test-results'), { recursive: true });
const run = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...chosen.flatMap((name) => ['--project', name]), '--reporter=default', '--reporter=json', `--outputFile.json=${results}`],
  { cwd: root, stdio: 'inherit' },
);
if (!existsSync(results)) {
  process.stderr.write('The tests ended without a report.\n');
  process.exit(1);
}
const report = JSON.parse(readFileSync(results, 'utf8'));
const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'));
for (const file of brokenFiles) process.stdout.write(`could not run: ${file.name}\n`);
for (const file of report.testResults) {
  for (const test of file.assertionResults) if (test.status === 'pending' || test.status === 'skipped') process.stdout.write(`skipped: ${test.fullName}\n`);
}
const failed = report.numFailedTests + brokenFiles.length;
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped\n`);
process.exit(run.status === 0 && failed === 0 && report.numPassedTests > 0 ? 0 : 1);

/** What Debian has to give; without it, and where it may not be installed, the tests that need it are skipped and say so. */
function requireDebian() {
  const lacks = (paths) => !paths.some((path) => existsSync(path));
  const browser = lacks(['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']) ? ['chromium', 'fonts-dejavu-core'] : [];
  const namespaces = lacks(['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip']) ? ['iproute2'] : [];
  const lacking = [...browser, ...namespaces];
  if (lacking.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stdout.write(`Not here, and no right to install it: what needs it will be skipped (apt-get install ${lacking.join(' ')}).\n`);
    return;
  }
  process.env.DEBIAN_FRONTEND = 'noninteractive';
  step('Reading the package lists', 'apt-get', ['update', '-qq']);
  step(`Installing ${lacking.join(', ')}`, 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...lacking]);
}
