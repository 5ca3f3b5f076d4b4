/** `starling verify`: checks a node's last words in this process; neither the node nor the gateway is trusted, only the roots. */
import { parseArgs } from 'node:util';
import { type Nodes, paths, type RecordAnswer, schemas, type Self, type TrustAnswer } from '@starling/contract';
import { printable } from '@starling/program';
import { checkRecord, type Verification } from '@starling/verification';
import { fetchFrom, gatewayUrl } from './gateway-client.js';
import { CommandError, exitCodes, UsageError } from './usage.js';

export async function runVerify(args: readonly string[]): Promise<number> {
  const { url, node } = readArguments(args);
  const base = await gatewayUrl(url);
  const { nodes } = await fetchFrom<Nodes>(base, paths.nodes, schemas.nodes);
  const found = nodes.filter(({ id, name }) => name === node || id.startsWith(node));
  const [only] = found;
  if (only === undefined) throw new CommandError(`No node is called "${node}". There are: ${nodes.map(({ name }) => printable(name)).sort().join(', ')}`);
  if (found.length > 1) throw new CommandError(`"${node}" may be any of ${found.map(({ id }) => id).join(', ')}. Give the beginning of an id.`);
  const [record, trust, self] = await Promise.all([fetchFrom<RecordAnswer>(base, paths.record(only.id), schemas.recordAnswer), fetchFrom<TrustAnswer>(base, paths.trust, schemas.trustAnswer), fetchFrom<Self>(base, paths.self, schemas.self)]);
  const verification = await checkRecord({ nodeId: only.id, cluster: self.cluster, record, trust, shown: [], nowMs: Date.now() });
  process.stdout.write(formatVerification(`${only.name} (${only.id})`, verification));
  if (verification.verdict === 'unavailable') return exitCodes.impossible;
  return verification.verdict === 'verified' ? exitCodes.done : exitCodes.found;
}

function readArguments(args: readonly string[]): { url: string | undefined; node: string } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: { url: { type: 'string' } }, allowPositionals: true });
    const [node, ...rest] = positionals;
    if (node === undefined || rest.length > 0) throw new Error('verify needs the name of one node, or the beginning of its id.');
    return { url: values.url, node };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const marks = { passed: 'ok     ', failed: 'REFUSED', skipped: '-      ' } as const;

export function formatVerification(node: string, { verdict, checks, rootFingerprint }: Verification): string {
  const lines = checks.map(({ title, outcome, text }) => `  ${marks[outcome]}  ${title}: ${printable(text)}`);
  return `${printable(node)}: ${verdict}\n${lines.join('\n')}\n${rootFingerprint === null ? '' : `  root     ${rootFingerprint}\n`}`;
}
