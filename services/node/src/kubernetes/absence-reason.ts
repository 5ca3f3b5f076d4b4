/**
 * Why a pod went, or is going, by what Kubernetes wrote down; docs/OPERATING.md lists each reason with its evidence. What is
 * not written down is not guessed: `deleted` says no more than that.
 */
import type { Absence } from '@starling/contract';
import { fieldOf, listAt, numberAt, textAt } from './json.js';

export type AbsenceReason = Absence['reason'];

/** Of a pod, what tells why it goes. */
export interface PodFacts {
  readonly ordinal: number | null;
  readonly revision: string | null;
  readonly isDeleted: boolean;
  /** Its containers have ended for good. */
  readonly hasEnded: boolean;
  /** Of its status. */
  readonly reason: string | null;
  /** Of the condition DisruptionTarget, when that is true. */
  readonly disruption: string | null;
  /** The container of the node runs, as far as its machine said. */
  readonly isRunning: boolean;
  /** Its machine does not report any more: then, and only then, a pod is unready whose containers are ready, for no reason. */
  readonly isUnreported: boolean;
}

export interface StatefulSetFacts {
  readonly firstOrdinal: number;
  readonly replicas: number;
  readonly updateRevision: string | null;
  readonly isDeleted: boolean;
}

const containerName = 'node';

const reasonsByDisruption: Readonly<Record<string, AbsenceReason>> = {
  EvictionByEvictionAPI: 'evicted',
  PreemptionByScheduler: 'preempted',
  DeletionByTaintManager: 'machine-lost',
  DeletionByPodGC: 'machine-lost',
};
const reasonsByStatus: Readonly<Record<string, AbsenceReason>> = {
  Evicted: 'evicted',
  Preempting: 'preempted',
  NodeLost: 'machine-lost',
  Terminated: 'machine-shutdown',
  NodeShutdown: 'machine-shutdown',
};

export function podFacts(pod: unknown): PodFacts {
  const condition = (type: string) => listAt(pod, 'status', 'conditions').find((one) => textAt(one, 'type') === type);
  const disruption = condition('DisruptionTarget');
  const ready = condition('Ready');
  const container = listAt(pod, 'status', 'containerStatuses').find((one) => textAt(one, 'name') === containerName);
  const ordinal = /-(\d{1,9})$/.exec(textAt(pod, 'metadata', 'name') ?? '')?.[1];
  return {
    ordinal: ordinal === undefined ? null : Number(ordinal),
    revision: textAt(pod, 'metadata', 'labels', 'controller-revision-hash'),
    isDeleted: textAt(pod, 'metadata', 'deletionTimestamp') !== null,
    hasEnded: ['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase') ?? ''),
    reason: textAt(pod, 'status', 'reason'),
    disruption: textAt(disruption, 'status') === 'True' ? textAt(disruption, 'reason') : null,
    isRunning: container === undefined || fieldOf(container, 'state', 'running') !== undefined,
    isUnreported: textAt(ready, 'status') === 'False' && (textAt(ready, 'reason') ?? '') === '' && textAt(condition('ContainersReady'), 'status') === 'True',
  };
}

export function statefulSetFacts(set: unknown): StatefulSetFacts {
  return {
    firstOrdinal: numberAt(set, 'spec', 'ordinals', 'start') ?? 0,
    replicas: numberAt(set, 'spec', 'replicas') ?? 1,
    updateRevision: textAt(set, 'status', 'updateRevision'),
    isDeleted: textAt(set, 'metadata', 'deletionTimestamp') !== null,
  };
}

/** Null while nothing speaks for an absence. `set` is null for pods of no StatefulSet, and while nothing is known of it. */
export function absenceReasonOf(pod: PodFacts, presence: 'here' | 'gone', set: StatefulSetFacts | null): AbsenceReason | null {
  if (presence === 'here' && !pod.isDeleted && !pod.hasEnded) return pod.isUnreported ? 'machine-lost' : pod.isRunning ? null : 'container-ended';
  // The kubelet's own condition (TerminationByKubelet) leaves it to the status to say which of its reasons it was.
  const written = reasonsByDisruption[pod.disruption ?? ''] ?? reasonsByStatus[pod.reason ?? ''];
  if (written !== undefined) return written;
  if (pod.isUnreported) return 'machine-lost';
  if (presence === 'here' && !pod.isDeleted) return 'container-ended';
  if (set === null || set.isDeleted) return 'deleted';
  if (pod.ordinal !== null && pod.ordinal >= set.firstOrdinal + set.replicas) return 'scaled-down';
  return set.updateRevision !== null && pod.revision !== null && pod.revision !== set.updateRevision ? 'updated' : 'deleted';
}
