/**
 * One CertificateRequest of cert-manager, from its making to its end. Runs in the child process of request-child.ts; the Kubernetes API is
 * handed in. A CertificateRequest is one shot: it ends as issued or refused and is never tried again under the same name.
 */

/** What the parent asks its child for, as JSON. */
export interface Ask {
  readonly pod: string;
  readonly podUid: string;
  readonly namespace: string;
  /** Name of the object; the admission policy wants the pod's name, a hyphen and letters or digits. */
  readonly name: string;
  readonly issuer: Issuer;
  readonly durationS: number;
  readonly signingRequestPem: string;
  readonly timeoutMs: number;
}

export interface Issuer {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export type RefusalReason =
  /** The API group cert-manager.io does not exist. */
  | 'no-cert-manager'
  /** The API server did not let us: roles, or the admission policy. */
  | 'forbidden'
  /** The approver of the cluster said no. */
  | 'denied'
  /** cert-manager or the issuer could not or would not sign. */
  | 'failed'
  | 'timeout'
  /** The child process ended without an answer. */
  | 'broken-child'
  /** What was issued is not what was asked for. */
  | 'wrong-answer';

/** What the child answers, as JSON. */
export type Outcome =
  | { readonly outcome: 'issued'; readonly chainPem: string }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly detail: string };

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** As much of a CertificateRequest as is read here. */
export interface RequestState {
  readonly conditions: readonly Condition[];
  /** PEM, leaf first; null before it is issued. */
  readonly certificatePem: string | null;
}

/** An answer of the API server that is no success. */
export class ApiRefusal extends Error {
  /** 0: no answer at all. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'ApiRefusal';
    this.code = code;
  }
}

/** The CertificateRequests of one namespace. Every method rejects with an ApiRefusal. */
export interface CertificateRequests {
  create(manifest: object): Promise<void>;
  get(name: string): Promise<RequestState>;
  /** Names of the requests with this label. */
  list(label: string): Promise<readonly string[]>;
  delete(name: string): Promise<void>;
}

export interface Clock {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

/** In this order everywhere: cert-manager compares them, in order, with those inside the signing request. */
export const usages = ['digital signature', 'server auth', 'client auth'] as const;

const firstPauseMs = 200;
const maxPauseMs = 2_000;

const installCertManager =
  'this cluster has no cert-manager (no API group cert-manager.io). Install it once for the whole cluster: ' +
  'helm install cert-manager oci://quay.io/jetstack/charts/cert-manager --namespace cert-manager --create-namespace --set crds.enabled=true --wait';

export function manifestOf(ask: Ask): object {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      name: ask.name,
      namespace: ask.namespace,
      labels: { 'app.kubernetes.io/managed-by': 'starling-node', [podLabel]: ask.podUid },
      // cert-manager never removes requests that others made; this one goes with its pod.
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: ask.pod, uid: ask.podUid }],
    },
    spec: {
      request: Buffer.from(ask.signingRequestPem).toString('base64'),
      issuerRef: { name: ask.issuer.name, kind: ask.issuer.kind, group: ask.issuer.group },
      duration: `${ask.durationS}s`,
      usages,
      isCA: false,
    },
  };
}

const podLabel = 'starling-pod-uid';

/** Removes this pod's earlier requests, submits one and waits for its end, for at most `ask.timeoutMs`. Never rejects. */
export async function submit(ask: Ask, requests: CertificateRequests, clock: Clock): Promise<Outcome> {
  const deadlineMs = clock.nowMs() + ask.timeoutMs;
  let waitingFor = 'the API server';
  try {
    const earlier = await repeat(deadlineMs, clock, () => requests.list(`${podLabel}=${ask.podUid}`).catch(unlessUnknownGroup));
    if (earlier === 'unknown-group') return { outcome: 'refused', reason: 'no-cert-manager', detail: installCertManager };
    // They were left until now, so that a person can look at one that was refused.
    await repeat(deadlineMs, clock, async () => {
      for (const name of earlier) await requests.delete(name).catch(unlessGone);
      return true;
    });
    await repeat(deadlineMs, clock, async () => {
      await requests.create(manifestOf(ask)).catch(unlessThere);
      return true;
    });
    return await repeat(deadlineMs, clock, async () => {
      const state = await requests.get(ask.name);
      waitingFor = describe(state.conditions);
      return verdictOf(state);
    });
  } catch (error) {
    if (error instanceof OutOfTime) {
      const last = error.last === null ? waitingFor : error.last.message;
      return { outcome: 'refused', reason: 'timeout', detail: `no certificate within ${ask.timeoutMs / 1_000} s; last seen: ${last}` };
    }
    const refusal = error instanceof ApiRefusal ? error : new ApiRefusal(0, String(error));
    return { outcome: 'refused', reason: refusal.code === 401 || refusal.code === 403 ? 'forbidden' : 'failed', detail: refusal.message };
  }
}

/** Null while the request is under way. */
export function verdictOf(state: RequestState): Outcome | null {
  const is = (type: string, status: string) => state.conditions.find((condition) => condition.type === type && condition.status === status);
  const denied = is('Denied', 'True');
  if (denied !== undefined) return { outcome: 'refused', reason: 'denied', detail: describe([denied]) };
  const invalid = is('InvalidRequest', 'True');
  if (invalid !== undefined) return { outcome: 'refused', reason: 'failed', detail: describe([invalid]) };
  const notReady = is('Ready', 'False');
  if (notReady?.reason === 'Failed' || notReady?.reason === 'Denied') return { outcome: 'refused', reason: 'failed', detail: describe([notReady]) };
  if (is('Ready', 'True') !== undefined && state.certificatePem !== null) return { outcome: 'issued', chainPem: state.certificatePem };
  return null;
}

function describe(conditions: readonly Condition[]): string {
  if (conditions.length === 0) return 'cert-manager has not looked at the request';
  return conditions.map((one) => `${one.type}=${one.status}${one.reason ? ` (${one.reason})` : ''}${one.message ? `: ${one.message}` : ''}`).join('; ');
}

class OutOfTime extends Error {
  readonly last: ApiRefusal | null;

  constructor(last: ApiRefusal | null) {
    super('out of time');
    this.last = last;
  }
}

/** Until `attempt` gives something; what may pass by itself (no answer, too many requests, an error of the server or its webhook) is tried again. */
async function repeat<T>(deadlineMs: number, clock: Clock, attempt: () => Promise<T | null>): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(maxPauseMs, pauseMs * 1.5)) {
    let last: ApiRefusal | null = null;
    try {
      const result = await attempt();
      if (result !== null) return result;
    } catch (error) {
      if (!(error instanceof ApiRefusal) || !mayPass(error.code)) throw error;
      last = error;
    }
    if (clock.nowMs() + pauseMs > deadlineMs) throw new OutOfTime(last);
    await clock.sleep(pauseMs);
  }
}

function mayPass(code: number): boolean {
  return code === 0 || code === 429 || code >= 500;
}

/** Listing what exists is only refused as unknown when the whole API group is. */
function unlessUnknownGroup(error: unknown): 'unknown-group' {
  if (error instanceof ApiRefusal && error.code === 404) return 'unknown-group';
  throw error;
}

function unlessGone(error: unknown): void {
  if (!(error instanceof ApiRefusal) || error.code !== 404) throw error;
}

/** The name is random: what is there already was made by an attempt whose answer got lost. */
function unlessThere(error: unknown): void {
  if (!(error instanceof ApiRefusal) || error.code !== 409) throw error;
}
