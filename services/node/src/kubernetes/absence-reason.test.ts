import { describe, expect, it } from 'vitest';
import { absenceReasonOf, podFacts, statefulSetFacts } from './absence-reason.js';

/** As the API server gives it, shortened. */
interface PodChanges {
  readonly name?: string;
  readonly deleted?: boolean;
  readonly phase?: string;
  readonly reason?: string;
  readonly conditions?: readonly object[];
  readonly state?: object;
  readonly revision?: string;
}

function pod({ name = 'starling-1', deleted = false, phase = 'Running', reason, conditions = [], state = { running: {} }, revision = 'r1' }: PodChanges = {}) {
  return podFacts({
    metadata: { uid: 'u', name, labels: { 'controller-revision-hash': revision }, ...(deleted && { deletionTimestamp: '2026-11-25T00:00:00Z' }) },
    status: { phase, ...(reason !== undefined && { reason }), conditions, containerStatuses: [{ name: 'beside', state: { running: {} } }, { name: 'node', state }] },
  });
}

const set = statefulSetFacts({ metadata: {}, spec: { replicas: 3 }, status: { updateRevision: 'r1' } });
const target = (reason: string, status = 'True') => ({ type: 'DisruptionTarget', status, reason });

describe('why a pod goes', () => {
  it.each([
    ['evicted', { deleted: true, conditions: [target('EvictionByEvictionAPI')] }],
    ['evicted', { phase: 'Failed', reason: 'Evicted', conditions: [target('TerminationByKubelet')], state: { terminated: {} } }],
    ['preempted', { deleted: true, conditions: [target('PreemptionByScheduler')] }],
    ['machine-lost', { deleted: true, conditions: [target('DeletionByTaintManager')] }],
    ['machine-lost', { deleted: true, conditions: [target('DeletionByPodGC')] }],
    ['machine-lost', { deleted: true, reason: 'NodeLost' }],
    ['machine-shutdown', { phase: 'Failed', reason: 'Terminated', conditions: [target('TerminationByKubelet')] }],
    ['scaled-down', { deleted: true, name: 'starling-3' }],
    ['updated', { deleted: true, revision: 'r0' }],
    ['deleted', { deleted: true }],
    // An eviction that was called off is no reason.
    ['deleted', { deleted: true, conditions: [target('EvictionByEvictionAPI', 'False')] }],
    // Of one that nobody has heard of nothing is guessed.
    ['deleted', { deleted: true, conditions: [target('BySomethingNew')] }],
  ] as const)('%s: %j', (reason, changes) => {
    expect(absenceReasonOf(pod(changes), 'here', set)).toBe(reason);
    expect(absenceReasonOf(pod(changes), 'gone', set)).toBe(reason);
  });

  it('counts ordinals from where the set does', () => {
    const later = statefulSetFacts({ spec: { replicas: 3, ordinals: { start: 5 } } });
    expect(absenceReasonOf(pod({ name: 'starling-7', deleted: true }), 'here', later)).toBe('deleted');
    expect(absenceReasonOf(pod({ name: 'starling-8', deleted: true }), 'here', later)).toBe('scaled-down');
    expect(absenceReasonOf(pod({ name: 'starling-0', deleted: true }), 'here', statefulSetFacts({ spec: { replicas: 0 } }))).toBe('scaled-down');
  });

  it('is only deletion where there is no set, or it goes too', () => {
    expect(absenceReasonOf(pod({ name: 'starling-9', deleted: true }), 'here', null)).toBe('deleted');
    expect(absenceReasonOf(pod({ name: 'starling-9', deleted: true }), 'here', statefulSetFacts({ metadata: { deletionTimestamp: 'x' }, spec: { replicas: 1 } }))).toBe('deleted');
  });
});

describe('of a pod that is there', () => {
  it('nothing is said while its container runs, whatever was planned for it', () => {
    expect(absenceReasonOf(pod(), 'here', set)).toBeNull();
    expect(absenceReasonOf(pod({ conditions: [target('EvictionByEvictionAPI')] }), 'here', set)).toBeNull();
    expect(absenceReasonOf(podFacts({ metadata: {} }), 'here', set)).toBeNull();
    expect(absenceReasonOf(podFacts(null), 'here', null)).toBeNull();
  });

  it('the end of its container is told', () => {
    expect(absenceReasonOf(pod({ state: { terminated: { exitCode: 137 } } }), 'here', set)).toBe('container-ended');
    expect(absenceReasonOf(pod({ state: { waiting: { reason: 'CrashLoopBackOff' } } }), 'here', set)).toBe('container-ended');
    expect(absenceReasonOf(pod({ phase: 'Failed', reason: 'OutOfcpu', state: { waiting: {} } }), 'here', set)).toBe('container-ended');
  });

  it('its machine is lost when the pod is unready for no reason', () => {
    const conditions = (reason?: string) => [{ type: 'ContainersReady', status: 'True' }, { type: 'Ready', status: 'False', ...(reason !== undefined && { reason }) }];
    expect(absenceReasonOf(pod({ conditions: conditions() }), 'here', set)).toBe('machine-lost');
    expect(absenceReasonOf(pod({ conditions: conditions('ReadinessGatesNotReady') }), 'here', set)).toBeNull();
    expect(absenceReasonOf(pod({ conditions: conditions(), deleted: true }), 'gone', set)).toBe('machine-lost');
  });
});
