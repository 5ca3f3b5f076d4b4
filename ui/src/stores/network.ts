/**
 * The network as the page holds it: plain objects behind shallow references, because thousands of nodes that change every
 * second are nothing for deep reactivity.
 */
import { computed, inject, onScopeDispose, provide, shallowRef, watch, type ComputedRef, type InjectionKey, type Ref, type ShallowRef } from 'vue';
import type { Arrival, GatewayStatus, MetricDefinition, StreamMessage } from '@starling/contract';
import { fetchGateway } from '../api/rest.js';
import { openStream, type Stream } from '../api/stream.js';
import { livenessOf, type Connection, type Liveness, type Upstream } from '../domain/liveness.js';
import { chooseMetric, metricsOf } from '../domain/metric-choice.js';
import { MetricHistory } from '../domain/metric-history.js';
import { viewOfSnapshot, viewWithChanges, type NetworkView } from '../domain/network-view.js';
import { outlooksOf, type Outlook } from '../domain/outlooks.js';
import { pageTimeMs } from '../domain/page-clock.js';
import { PastViews } from '../domain/past-views.js';
import { settleRoutes, type SettledRoute } from '../domain/routes.js';
import { emptyTimeline, withEvents, withRecords, type Timeline } from '../domain/timeline.js';
import { usePage } from './page.js';
import { useTicking } from './ticking.js';

export interface Network {
  /** What is shown: the newest view, or that of the moment looked back to. Null before the first snapshot. */
  readonly view: ComputedRef<NetworkView | null>;
  /** The newest, whatever is shown. */
  readonly newest: Readonly<ShallowRef<NetworkView | null>>;
  /** The moment that is shown, page clock, milliseconds: ticks, or is that of the past view, which may be older than the moment looked back to. */
  readonly shownMs: ComputedRef<number>;
  /** Page clock, milliseconds, ticking. */
  readonly nowMs: Readonly<Ref<number>>;
  readonly routes: Readonly<ShallowRef<ReadonlyMap<string, SettledRoute>>>;
  readonly timeline: Readonly<ShallowRef<Timeline>>;
  readonly gateway: Readonly<ShallowRef<GatewayStatus | null>>;
  /** Whom the gateway offers, with their states in the last view, from whichever node that was. */
  readonly outlooks: ComputedRef<readonly Outlook[]>;
  readonly liveness: ComputedRef<Liveness>;
  /** Name of the node that the page looks from, as far as it is known. */
  readonly fromName: ComputedRef<string>;
  readonly metrics: ComputedRef<readonly MetricDefinition[]>;
  /** The chosen one; null while nobody reports any. */
  readonly metric: ComputedRef<MetricDefinition | null>;
  readonly history: MetricHistory;
  readonly past: PastViews;
  /** Calls back for records on their way, until the returned function is called. */
  readonly listenToArrivals: (listener: (arrivals: readonly Arrival[]) => void) => () => void;
}

const key: InjectionKey<Network> = Symbol('network');

export function useNetwork(): Network {
  const network = inject(key);
  if (network === undefined) throw new Error('useNetwork() is called outside of the app');
  return network;
}

/** Opens the stream, and opens another whenever another node is looked from. Ends with the component that calls it. */
export function provideNetwork(): Network {
  const page = usePage();
  const nowMs = useTicking();
  const newest = shallowRef<NetworkView | null>(null);
  const lastView = shallowRef<NetworkView | null>(null);
  const routes = shallowRef<ReadonlyMap<string, SettledRoute>>(new Map());
  const timeline = shallowRef<Timeline>(emptyTimeline);
  const gateway = shallowRef<GatewayStatus | null>(null);
  const upstream = shallowRef<Upstream | null>(null);
  const connection = shallowRef<Connection>('connecting');
  const lastChangeMs = shallowRef<number | null>(null);
  const arrivalListeners = new Set<(arrivals: readonly Arrival[]) => void>();
  const past = new PastViews();
  const memory = { history: new MetricHistory() };
  let stream: Stream | null = null;

  const forget = () => {
    newest.value = null;
    routes.value = new Map();
    timeline.value = emptyTimeline;
    upstream.value = null;
    lastChangeMs.value = null;
    page.pastMs = null;
    past.clear();
    memory.history.clear();
  };

  const accept = (view: NetworkView) => {
    newest.value = view;
    lastView.value = view;
    lastChangeMs.value = view.readAtMs;
    routes.value = settleRoutes(routes.value, view);
    memory.history.append(view);
    past.append(view);
    if (upstream.value?.state !== 'up') upstream.value = null;
  };

  const take = (message: StreamMessage): string | null => {
    const readAtMs = pageTimeMs();
    if (message.type === 'upstream') {
      upstream.value = message.upstream;
      return null;
    }
    if (message.type === 'targets') {
      if (gateway.value !== null) gateway.value = { ...gateway.value, targets: message.targets };
      return null;
    }
    const before = newest.value;
    const view = message.type === 'snapshot' ? viewOfSnapshot(message, readAtMs, before) : before === null ? null : viewWithChanges(before, message, readAtMs);
    if (view === null) return null;
    // A snapshot repeats events that the page may have: it begins the list anew.
    const events = message.type === 'snapshot' ? { ...timeline.value, events: [] } : timeline.value;
    const merged = message.type === 'snapshot' ? 0 : message.recordsMerged;
    timeline.value = withRecords(withEvents(events, message.events, message.asOf, readAtMs), merged, readAtMs);
    accept(view);
    if (message.type === 'changes') for (const listener of arrivalListeners) listener(message.arrivals);
    return `${view.session}:${view.sequence}`;
  };

  const askGateway = async () => {
    try {
      gateway.value = await fetchGateway();
    } catch {
      // The stream tells how the gateway is; without this answer only the menu of targets is missing.
    }
  };

  const follow = (state: Connection) => {
    // Whom the gateway offers may change while it cannot say so, and may be why a stream is refused: it is asked with each attempt.
    const isBack = state === 'open' && (connection.value === 'reconnecting' || connection.value === 'misunderstood');
    if (state !== 'open' || isBack) void askGateway();
    connection.value = state;
  };

  watch(
    () => page.from,
    (from) => {
      stream?.close();
      forget();
      stream = openStream(location.origin, from, { message: take, connection: follow });
    },
    { immediate: true },
  );
  onScopeDispose(() => stream?.close());

  const view = computed(() => (page.pastMs === null || newest.value === null ? newest.value : past.at(page.pastMs)));
  const fromName = computed(() => newest.value?.asOf.name ?? page.from ?? gateway.value?.designated ?? 'the designated node');
  const metrics = computed(() => (view.value === null ? [] : metricsOf(view.value)));
  const network: Network = {
    view,
    newest,
    nowMs,
    shownMs: computed(() => (page.pastMs === null ? nowMs.value : (view.value?.readAtMs ?? page.pastMs))),
    routes,
    timeline,
    gateway,
    outlooks: computed(() => outlooksOf((gateway.value?.targets ?? []).map(({ name }) => name), lastView.value)),
    fromName,
    liveness: computed(() =>
      livenessOf({
        connection: connection.value,
        upstream: upstream.value,
        from: fromName.value,
        isOffered: page.from === null || gateway.value === null || gateway.value.targets.some(({ name }) => name === page.from),
        lastChangeMs: lastChangeMs.value,
        sampleIntervalSeconds: newest.value?.sampleIntervalSeconds ?? 1,
        nowMs: nowMs.value,
      }),
    ),
    metrics,
    metric: computed(() => chooseMetric(metrics.value, page.metric)),
    history: memory.history,
    past,
    listenToArrivals: (listener) => {
      arrivalListeners.add(listener);
      return () => arrivalListeners.delete(listener);
    },
  };
  provide(key, network);
  return network;
}
