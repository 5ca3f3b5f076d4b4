/** The state of the page as its address, so that a link shows the same thing. */
import { defaultSort, sortColumns, type Sort, type SortColumn } from './node-rows.js';

export interface PageState {
  /** Id of the selected node. */
  readonly node: string | null;
  /** Null: whichever suits the width of the window. */
  readonly view: 'graph' | 'table' | null;
  /** Null: the default of the network, CPU where it is known. */
  readonly metric: string | null;
  readonly sort: Sort;
  readonly search: string;
  /** Target to look from; null for the designated one. */
  readonly from: string | null;
}

/** Longer texts of an address are cut off. */
const maxText = 200;

export function readAddress(query: string): PageState {
  const fields = new URLSearchParams(query);
  const text = (name: string) => fields.get(name)?.slice(0, maxText) ?? '';
  const node = text('node');
  const view = text('view');
  const metric = text('metric');
  const from = text('from');
  return {
    node: /^[0-9a-f]{64}$/.test(node) ? node : null,
    view: view === 'graph' || view === 'table' ? view : null,
    metric: /^[a-z0-9_.]+$/.test(metric) ? metric : null,
    sort: readSort(text('sort')),
    search: text('search'),
    from: from === '' ? null : from,
  };
}

/** With a leading `?`, or empty when everything is as it is by default. */
export function writeAddress(state: PageState): string {
  const fields = new URLSearchParams();
  if (state.from !== null) fields.set('from', state.from);
  if (state.view !== null) fields.set('view', state.view);
  if (state.node !== null) fields.set('node', state.node);
  if (state.metric !== null) fields.set('metric', state.metric);
  if (state.search !== '') fields.set('search', state.search);
  const sort = writeSort(state.sort);
  if (sort !== writeSort(defaultSort)) fields.set('sort', sort);
  const text = fields.toString();
  return text === '' ? '' : `?${text}`;
}

/** `age` ascending, `-age` descending. */
function readSort(text: string): Sort {
  const column = sortColumns.find((candidate: SortColumn) => candidate === text.replace(/^-/, ''));
  if (column === undefined) return defaultSort;
  return { column, direction: text.startsWith('-') ? 'descending' : 'ascending' };
}

function writeSort(sort: Sort): string {
  return `${sort.direction === 'descending' ? '-' : ''}${sort.column}`;
}
