/** The nodes as rows: searched and sorted. */
import { ageSeconds, wayOf, type KnownNode, type NetworkView } from './network-view.js';
import { severityOf, type NodeState } from './node-state.js';

export const sortColumns = ['state', 'name', 'metric', 'age', 'hops', 'via', 'expiry', 'version'] as const;
export type SortColumn = (typeof sortColumns)[number];

export interface Sort {
  readonly column: SortColumn;
  readonly direction: 'ascending' | 'descending';
}

/** The unwell first. */
export const defaultSort: Sort = { column: 'state', direction: 'ascending' };

/**
 * Ages are compared in steps of so many sample intervals: that of a healthy node is a saw-tooth of one, and rows that follow
 * it cannot be read.
 */
const ageStepIntervals = 3;

export interface NodeRow {
  readonly known: KnownNode;
  readonly id: string;
  readonly name: string;
  readonly state: NodeState;
  /** As `wayOf` words it. */
  readonly way: string;
  readonly metric: number | null;
  /** When the certificate ends, milliseconds since 1970. */
  readonly expiryMs: number | null;
}

/**
 * Words that all have to occur in a node's name, id, state, version or labels; with a minus sign in front, that must not.
 * An empty search finds everyone.
 */
export function matcher(search: string): (known: KnownNode) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== '' && word !== '-');
  if (words.length === 0) return () => true;
  return (known) => {
    const labels = Object.entries(known.particulars?.labels ?? {}).map(([key, value]) => `${key}=${value}`);
    const text = [known.node.name, known.node.id, known.node.state, known.particulars?.version ?? '', ...labels].join(' ').toLowerCase();
    return words.every((word) => (word.startsWith('-') ? !text.includes(word.slice(1)) : text.includes(word)));
  };
}

export function rowsOf(view: NetworkView, search: string, sort: Sort, metric: string, nowMs: number): NodeRow[] {
  const matches = matcher(search);
  const rows: NodeRow[] = [];
  for (const known of view.nodes.values()) {
    if (!matches(known)) continue;
    rows.push(rowOf(view, known, metric));
  }
  const compare = comparison(sort, nowMs, ageStepIntervals * view.sampleIntervalSeconds);
  return rows.sort((a, b) => compare(a, b) || byText(a.name, b.name) || (a.id < b.id ? -1 : 1));
}

export function rowOf(view: NetworkView, known: KnownNode, metric: string): NodeRow {
  const { node, particulars } = known;
  const notAfter = particulars?.certificate?.notAfter;
  return {
    known,
    id: node.id,
    name: node.name,
    state: node.state,
    way: wayOf(view, node),
    metric: node.values[metric] ?? null,
    expiryMs: notAfter === undefined ? null : Date.parse(notAfter),
  };
}

type Comparison = (a: NodeRow, b: NodeRow) => number;

const collator = new Intl.Collator('en', { numeric: true });
const byText = (a: string, b: string) => collator.compare(a, b);

function comparison(sort: Sort, nowMs: number, ageStepSeconds: number): Comparison {
  const sign = sort.direction === 'ascending' ? 1 : -1;
  const columns: Readonly<Record<SortColumn, Comparison>> = {
    state: (a, b) => sign * (severityOf(b.state) - severityOf(a.state)),
    name: (a, b) => sign * byText(a.name, b.name),
    metric: numbers((row) => row.metric, sign),
    age: numbers((row) => Math.floor(ageSeconds(row.known, nowMs) / ageStepSeconds), sign),
    hops: numbers((row) => row.known.node.hops, sign),
    via: (a, b) => sign * byText(a.way, b.way),
    expiry: numbers((row) => row.expiryMs, sign),
    version: (a, b) => sign * byText(a.known.particulars?.version ?? '', b.known.particulars?.version ?? ''),
  };
  return columns[sort.column];
}

/** What has no number comes last, whichever way it is sorted. */
function numbers(value: (row: NodeRow) => number | null, sign: number): Comparison {
  return (a, b) => {
    const first = value(a);
    const second = value(b);
    if (first === null || second === null) return (first === null ? 1 : 0) - (second === null ? 1 : 0);
    return sign * (first - second);
  };
}
