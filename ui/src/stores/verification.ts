/** The browser's own check of the selected node: begun with the selection, followed up while newer records come, and on demand. */
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef } from 'vue';
import type { Node } from '@starling/contract';
import { ApiFault, fetchRecord, fetchTrust } from '../api/rest.js';
import type { Verification } from '@starling/verification';
import { pageTimeMs } from '../domain/page-clock.js';
import { useNetwork } from './network.js';
import { usePage } from './page.js';

export interface CheckedNode extends Omit<Verification, 'verdict'> {
  readonly verdict: Verification['verdict'] | 'checking';
  /** Page clock, milliseconds; null while checking, and when nothing is checked. */
  readonly checkedMs: number | null;
}

/** How long the stream may take to show the moment that the fetched record is of, milliseconds. */
const catchUpMs = 2_500;
/** From one check to the next, while newer records are shown than was checked, milliseconds. */
const followUpMs = 10_000;
const nothing = { checks: [], rootFingerprint: null, newest: null, checkedMs: null } as const;
const checking: CheckedNode = { ...nothing, verdict: 'checking' };
const past: CheckedNode = { ...nothing, verdict: 'unavailable', checks: [{ title: 'Record', outcome: 'skipped', text: 'A past record: only the newest is checked.' }] };

export function useVerification(nodeId: () => string): { checked: ComputedRef<CheckedNode>; again: () => void } {
  const network = useNetwork();
  const page = usePage();
  const result = shallowRef<CheckedNode>(checking);
  let run = 0;
  let finishedRun = 0;

  const shownNode = (id: string): Node | null => network.newest.value?.nodes.get(id)?.node ?? null;

  const check = async (id: string, from: string | null, isCurrent: () => boolean): Promise<Verification> => {
    const seen: Node[] = [];
    const stop = watch(() => shownNode(id), (node) => node !== null && seen.push(node), { immediate: true, flush: 'sync' });
    try {
      const [{ checkRecord }, record, trust] = await Promise.all([import('@starling/verification'), fetchRecord(id, from), fetchTrust()]);
      const newest = record.bundles[0];
      const isShown = () => seen.some((node) => node.incarnation === newest?.incarnation && node.sequence >= newest.sequence);
      await until(() => isShown() || !isCurrent(), () => shownNode(id), catchUpMs);
      const cluster = network.newest.value?.cluster ?? record.cluster;
      return await checkRecord({ nodeId: id, cluster, record, trust, shown: seen, nowMs: Date.now() });
    } finally {
      stop();
    }
  };

  const begin = async () => {
    const current = ++run;
    const isCurrent = () => current === run;
    let verification: Verification;
    try {
      verification = await check(nodeId(), page.from, isCurrent);
    } catch (fault) {
      const reason = fault instanceof ApiFault ? fault.message : 'The part of the page that checks could not be loaded.';
      verification = { ...nothing, verdict: 'unavailable', checks: [{ title: 'Record', outcome: 'skipped', text: reason }] };
    }
    if (!isCurrent()) return;
    result.value = { ...verification, checkedMs: pageTimeMs() };
    finishedRun = current;
  };

  const anew = () => {
    result.value = checking;
    void begin();
  };

  /** One check at a time. A refusal stays until a person asks again: it must not go by unseen. */
  const isDue = (nowMs: number): boolean => {
    const { verdict, newest, checkedMs } = result.value;
    if (finishedRun !== run || checkedMs === null || nowMs - checkedMs < followUpMs || verdict === 'refused') return false;
    if (page.pastMs !== null || network.liveness.value.state !== 'live') return false;
    const shown = shownNode(nodeId());
    return shown !== null && (shown.sequence !== newest?.sequence || shown.incarnation !== newest.incarnation);
  };

  watch([nodeId, () => page.from, () => network.newest.value?.nodes.get(nodeId())?.node.incarnation], anew, { immediate: true });
  // The clock stands still while nobody sees the page.
  watch(network.nowMs, (nowMs) => isDue(nowMs) && void begin());
  onScopeDispose(() => run++);
  return { checked: computed(() => (page.pastMs === null ? result.value : past)), again: anew };
}

/** Waits until the condition holds, looking again whenever `source` changes, or for as long as the deadline allows. */
function until(condition: () => boolean, source: () => unknown, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = watch(source, () => condition() && end(), { flush: 'sync' });
    const timer = setTimeout(() => end(), deadlineMs);
    const end = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    if (condition()) end();
  });
}
