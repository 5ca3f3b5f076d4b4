/**
 * What the Kubernetes API knows of the pods of this network: where they are, and why one is absent. It is asked in the
 * background; nobody waits for it, and without it everything else goes on.
 */
import type { Address, Random } from '@starling/gossip';
import { podFacts, statefulSetFacts } from './absence-reason.js';
import { Absences, type PodAbsence } from './absences.js';
import { type ApiServer, apiServerOfPod } from './api-server.js';
import { addressesOfSlice, addressesOfSlices } from './endpoint-slices.js';
import { Watch, type WatchBounds } from './watch.js';

export interface KubernetesOptions {
  readonly namespace: string;
  /** The headless service whose EndpointSlices are followed. */
  readonly service: string;
  /** Null: no reasons are looked for. */
  readonly absences: {
    /** Of the pods of the nodes, by label. */
    readonly podSelector: string;
    /** Null for pods of none. */
    readonly statefulSet: string | null;
  } | null;
  /** Null outside of a pod. */
  readonly server?: ApiServer | null;
  readonly bounds?: Partial<WatchBounds>;
  readonly clock: { now(): { readonly monotonicMs: number; readonly wallMs: number } };
  readonly random: Random;
  /** Told which objects cannot be followed, rarely again, and with null when they are. */
  readonly onFault: (what: 'endpointslices' | 'pods' | 'statefulsets', fault: string | null) => void;
  /** Another reason is known of the pod with this uid. */
  readonly onAbsence: (podUid: string) => void;
}

export interface Kubernetes {
  /** As many as discovery takes; none while nothing was heard. */
  addresses(): readonly Address[];
  /** Null while nothing speaks for the absence of this pod. */
  absenceOf(podUid: string): PodAbsence | null;
  stop(): void;
}

export function openKubernetes(options: KubernetesOptions): Kubernetes {
  const { server = apiServerOfPod(process.env), namespace, service, random, clock, bounds } = options;
  if (server === null) {
    options.onFault('endpointslices', 'this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set');
    return { addresses: () => [], absenceOf: () => null, stop: () => undefined };
  }
  const common = { server, random, nowMs: () => clock.now().monotonicMs, ...(bounds && { bounds }) };
  const slices = new Watch({
    ...common,
    path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    selector: { labelSelector: `kubernetes.io/service-name=${service}` },
    read: addressesOfSlice,
    onFault: (fault) => options.onFault('endpointslices', fault),
  });
  const absences = new Absences(() => clock.now().wallMs, options.onAbsence);
  const watches = [slices, ...watchesOfAbsences(options, absences, common)];
  return {
    addresses: () => addressesOfSlices(slices.objects.values(), random),
    absenceOf: (podUid) => absences.of(podUid),
    stop: () => watches.forEach((watch) => watch.stop()),
  };
}

type Common = Pick<ConstructorParameters<typeof Watch>[0], 'server' | 'random' | 'nowMs' | 'bounds'>;

function watchesOfAbsences({ namespace, absences: wanted, onFault }: KubernetesOptions, absences: Absences, common: Common): { stop(): void }[] {
  if (wanted === null) return [];
  const pods = new Watch({
    ...common,
    path: `/api/v1/namespaces/${namespace}/pods`,
    selector: { labelSelector: wanted.podSelector },
    read: podFacts,
    onChanged: (uid, pod) => absences.podChanged(uid, pod),
    onGone: (uid, pod) => absences.podGone(uid, pod),
    onFault: (fault) => onFault('pods', fault),
  });
  if (wanted.statefulSet === null) return [pods];
  const set = new Watch({
    ...common,
    path: `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
    // By its name: the role permits no other.
    selector: { fieldSelector: `metadata.name=${wanted.statefulSet}` },
    read: statefulSetFacts,
    onChanged: (_uid, facts) => absences.setChanged(facts),
    onGone: () => absences.setChanged(null),
    onFault: (fault) => onFault('statefulsets', fault),
  });
  return [pods, set];
}
