/** The whole network in the Prometheus text format, from one node: whoever scrapes one needs to scrape no other. */
import type { Node, NodeDetail } from '@starling/contract';

export interface NetworkSource {
  nodes(): Node[];
  /** Null for a node that was forgotten meanwhile. */
  detail(id: string): NodeDetail | null;
}

const states = ['alive', 'suspect', 'failed', 'left'] as const satisfies readonly Node['state'][];

/** Series of one scrape; further values are left out and their number is told, so that a scrape stays bounded. */
export const maxNetworkSeries = 100_000;

/** The text in pieces, so that other things can have their turn between them. */
export function* networkExposition(source: NetworkSource, maxSeries = maxNetworkSeries): Generator<string> {
  const nodes = source.nodes();
  let left = maxSeries;
  let omitted = 0;
  /** Whether there is room for another series. */
  const takes = () => {
    if (left === 0) omitted += 1;
    else left -= 1;
    return left > 0 || omitted === 0;
  };
  yield family('starling_node_up', 'gauge', '1 while this node holds it to be alive, 0 while suspect, failed or left');
  for (const node of nodes) if (takes()) yield series('starling_node_up', { node: node.id, name: node.name }, node.state === 'alive' ? 1 : 0);
  yield family('starling_node_age_seconds', 'gauge', 'Age of the newest record of the node');
  for (const node of nodes) if (takes()) yield series('starling_node_age_seconds', { node: node.id, name: node.name }, node.ageSeconds);
  // A series for each state, of which one is 1: were only that one told, each change of state would end a series and begin another.
  yield family('starling_node_state', 'gauge', '1 for the state in which this node holds it, 0 for the other states');
  for (const node of nodes) for (const state of states) if (takes()) yield series('starling_node_state', { node: node.id, name: node.name, state }, node.state === state ? 1 : 0);
  yield family('starling_node_value', 'untyped', 'Newest value of a metric of the node, in the unit of the label');
  for (const { id } of nodes) {
    const detail = source.detail(id);
    if (detail === null) continue;
    let text = '';
    for (const { name, unit } of detail.metrics) {
      const value = detail.values[name];
      if (typeof value === 'number' && takes()) text += series('starling_node_value', { metric: name, unit, node: id, name: detail.name }, value);
    }
    if (text !== '') yield text;
  }
  yield family('starling_network_series_omitted', 'gauge', 'Series that were left out of this scrape because it has a bound');
  yield series('starling_network_series_omitted', {}, omitted);
}

function family(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function series(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
