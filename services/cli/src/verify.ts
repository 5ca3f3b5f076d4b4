/** `starling verify`: checks a node's last words in this process; neither the node nor the gateway is trusted, only the roots. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Nodes, paths, type RecordAnswer, schemas, type TrustAnswer } from '@starling/contract';
import { printable } from '@starling/program';
import { checkRecord, type Verification } from '@starling/verification';
import { localClusterName } from './cluster/local-cluster.js';
import { placesIn } from './cluster/places.js';
import { fetchFrom, gatewayUrl } from './gateway-client.js';
import { readTrustedRoots } from './trusted-roots.js';
import { CommandError, exitCodes, UsageError } from './usage.js';

interface Arguments {
  readonly node: string;
  readonly url: string | undefined;
  readonly from: string | undefined;
  readonly trust: string | undefined;
  readonly cluster: string | undefined;
}

export async function runVerify(args: readonly string[]): Promise<number> {
  const { url, node, from, ...given } = readArguments(args);
  const base = await gatewayUrl(url);
  const roots = await rootsOf(given.trust, url);
  const query = from === undefined ? '' : `?${new URLSearchParams({ from }).toString()}`;
  const { nodes } = await fetchFrom<Nodes>(base, paths.nodes + query, schemas.nodes);
  const found = nodes.filter(({ id, name }) => name === node || id.startsWith(node));
  const [only] = found;
  if (only === undefined) throw new CommandError(`No node is called "${node}". There are: ${nodes.map(({ name }) => printable(name)).sort().join(', ')}`);
  if (found.length > 1) throw new CommandError(`"${node}" may be any of ${found.map(({ id }) => id).join(', ')}. Give the beginning of an id.`);
  const record = await fetchFrom<RecordAnswer>(base, paths.record(only.id) + query, schemas.recordAnswer);
  const trust = roots?.trust ?? (await fetchFrom<TrustAnswer>(base, paths.trust + query, schemas.trustAnswer));
  const cluster = clusterOf(record, given.cluster, roots);
  const verification = await checkRecord({ nodeId: only.id, cluster, record, trust, shown: [], nowMs: Date.now() });
  process.stdout.write(formatVerification(`${only.name} (${only.id})`, verification, roots?.place ?? null));
  return exitCodeOf(verification, roots);
}

/** Roots that this machine has, and where. */
interface OwnRoots {
  readonly trust: TrustAnswer;
  readonly place: string;
}

/** Those that were named, or those of the cluster that runs from this folder when it is the one that is asked; null when there are none but the gateway's. */
async function rootsOf(given: string | undefined, url: string | undefined): Promise<OwnRoots | null> {
  const place = given ?? (url === undefined ? join(placesIn().certs, 'trust') : null);
  return place === null ? null : { trust: await readTrustedRoots(place), place };
}

/** Under roots of our own the gateway cannot choose the network either: one authority may serve several. */
function clusterOf(record: RecordAnswer, given: string | undefined, roots: OwnRoots | null): string {
  const cluster = given ?? (roots === null ? record.cluster : localClusterName);
  if (given === undefined && cluster !== record.cluster) throw new CommandError(`The gateway shows the cluster "${printable(record.cluster)}", not "${cluster}". If that is the one you mean, name it with --cluster.`);
  return cluster;
}

function exitCodeOf({ verdict }: Verification, roots: OwnRoots | null): number {
  if (verdict === 'unavailable') return exitCodes.impossible;
  if (verdict === 'refused') return exitCodes.found;
  return roots === null ? exitCodes.unproven : exitCodes.done;
}

function readArguments(args: readonly string[]): Arguments {
  try {
    const text = { type: 'string' } as const;
    const { values, positionals } = parseArgs({ args: [...args], options: { url: text, from: text, trust: text, cluster: text }, allowPositionals: true });
    const [node, ...rest] = positionals;
    if (node === undefined || node === '' || rest.length > 0) throw new Error('verify needs the name of one node, or the beginning of its id.');
    return { node, url: values.url, from: values.from, trust: values.trust, cluster: values.cluster };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const marks = { passed: 'ok     ', failed: 'REFUSED', skipped: '-      ' } as const;

/** `place`: where the roots are from; null for those that the gateway gave. */
export function formatVerification(node: string, { verdict, checks, rootFingerprint }: Verification, place: string | null): string {
  const lines = checks.map(({ title, outcome, text }) => `  ${marks[outcome]}  ${title}: ${printable(text)}`);
  if (rootFingerprint !== null) lines.push(`  root     ${rootFingerprint}`);
  lines.push(place === null ? '  Against the roots that this gateway gave: who made up the gateway may have made up all of this. Name your own with --trust.' : `  Against the roots in ${place}`);
  return `${printable(node)}: ${verdict}${verdict === 'verified' && place === null ? ' against the roots that this gateway gave' : ''}\n${lines.join('\n')}\n`;
}
