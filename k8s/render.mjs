/**
 * The plain manifests, from the chart. `node k8s/render.mjs` writes them, `node k8s/render.mjs --verify` exits with 1 when they are not what would be
 * written. Needs helm on the PATH.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const chart = beside('../charts/starling');
const namespace = 'starling';

const pieces = [
  { file: 'starling.yaml', values: ['tests.enabled=false'], only: [], before: namespaceObject() },
  {
    file: 'monitoring.yaml',
    values: ['monitoring.podMonitor.enabled=true', 'monitoring.rules.enabled=true', 'monitoring.dashboard.enabled=true'],
    only: ['pod-monitor', 'rules', 'dashboard'],
    before: '',
  },
];

function namespaceObject() {
  return ['---', 'apiVersion: v1', 'kind: Namespace', 'metadata:', `  name: ${namespace}`, '  labels:', '    pod-security.kubernetes.io/enforce: restricted', ''].join('\n');
}

/** Text of each file by its name. */
export function render() {
  return Object.fromEntries(pieces.map(({ file, values, only, before }) => [file, heading(file) + before + plain(template(values, only))]));
}

function template(values, only) {
  const options = ['--namespace', namespace, '--api-versions', 'cert-manager.io/v1', '--api-versions', 'monitoring.coreos.com/v1', '--set', values.join(',')];
  return execFileSync('helm', ['template', 'starling', chart, ...options, ...only.flatMap((name) => ['--show-only', `templates/monitoring/${name}.yaml`])], { encoding: 'utf8' });
}

function heading(file) {
  return `# Made from charts/starling by \`node k8s/render.mjs\`; change the chart instead. kubectl apply -f k8s/${file}\n`;
}

/** Without what speaks of Helm: these objects are in nobody's release. */
function plain(text) {
  const ofHelm = /^ *(?:app\.kubernetes\.io\/managed-by: Helm|helm\.sh\/chart: .*|# Source: .*)\n/gm;
  return text.replace(ofHelm, '');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of Object.entries(render())) {
    if (!process.argv.includes('--verify')) writeFileSync(beside(file), text);
    else if (readFileSync(beside(file), 'utf8') !== text) {
      process.stderr.write(`k8s/${file} is out of date: node k8s/render.mjs\n`);
      process.exitCode = 1;
    }
  }
}
