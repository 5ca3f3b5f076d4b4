/** `starling status`: the network as the gateway's designated node sees it, or another, as a table or as the JSON of the API. */
import { parseArgs } from 'node:util';
import { type Node, type Nodes, paths, schemas } from '@starling/contract';
import { printable, printableJson } from '@starling/program';
import { fetchFrom, gatewayUrl } from './gateway-client.js';
import { exitCodes, UsageError } from './usage.js';

export async function runStatus(args: readonly string[]): Promise<number> {
  const { url, from, json } = readArguments(args);
  const query = from === undefined ? '' : `?${new URLSearchParams({ from }).toString()}`;
  const answer = await fetchFrom<Nodes>(await gatewayUrl(url), `${paths.nodes}${query}`, schemas.nodes);
  process.stdout.write(json ? `${printableJson(answer)}\n` : formatNodes(answer));
  return answer.counts.suspect + answer.counts.failed > 0 ? exitCodes.found : exitCodes.done;
}

function readArguments(args: readonly string[]): { url: string | undefined; from: string | undefined; json: boolean } {
  try {
    const { values } = parseArgs({ args: [...args], options: { url: { type: 'string' }, from: { type: 'string' }, json: { type: 'boolean' } } });
    return { url: values.url, from: values.from, json: values.json === true };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A row for each node, in the order of names. Names are what the nodes call themselves: none may look like another row, or command the terminal. */
export function formatNodes({ asOf, counts, agreement, nodes }: Nodes): string {
  const header = ['NAME', 'STATE', 'AGE', 'HOPS', 'CPU', 'MEMORY', 'ID'];
  const rows = [...nodes].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })).map(row);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((cells) => (cells[i] as string).length)));
  const lines = [header, ...rows].map((cells) => cells.map((cell, i) => cell.padEnd(widths[i] as number)).join('  ').trimEnd());
  const states = Object.entries(counts).filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
  return `${lines.join('\n')}\n\n${states.join(', ')} as seen by ${printable(asOf.name)} at ${printable(asOf.time)}; ${agreement.agreeing} of ${agreement.total} views agree\n`;
}

function row(node: Node): string[] {
  const percent = (name: string) => {
    const value = node.values[name];
    return typeof value === 'number' ? `${(value * 100).toFixed(1)} %` : '-';
  };
  return [printable(node.name), node.state, `${node.ageSeconds.toFixed(1)} s`, String(node.hops), percent('system.cpu.utilization'), percent('system.memory.utilization'), node.id.slice(0, 16)];
}
