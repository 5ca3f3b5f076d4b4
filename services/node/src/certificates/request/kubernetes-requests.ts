/** CertificateRequests through the Kubernetes API: the pod's service account, or a kubeconfig outside of a cluster. */
import { CustomObjectsApi, KubeConfig } from '@kubernetes/client-node';
import { ApiRefusal, type CertificateRequests, type Condition, type RequestState } from './submission.js';

const resource = { group: 'cert-manager.io', version: 'v1', plural: 'certificaterequests' } as const;
/** More than one pod leaves behind; the rest is found the next time. */
const maxListed = 500;

export function kubernetesRequests(namespace: string): CertificateRequests {
  const config = new KubeConfig();
  config.loadFromDefault();
  const api = config.makeApiClient(CustomObjectsApi);
  const where = { ...resource, namespace };
  return {
    create: async (manifest) => {
      await refusing(api.createNamespacedCustomObject({ ...where, body: manifest }));
    },
    get: async (name) => stateOf(await refusing(api.getNamespacedCustomObject({ ...where, name }))),
    list: async (labelSelector) => namesOf(await refusing(api.listNamespacedCustomObject({ ...where, labelSelector, limit: maxListed }))),
    delete: async (name) => {
      await refusing(api.deleteNamespacedCustomObject({ ...where, name }));
    },
  };
}

async function refusing<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw refusalOf(error);
  }
}

/** The client throws its own exception for an answer, and whatever its HTTP library throws for none. */
export function refusalOf(error: unknown): ApiRefusal {
  const { code, body, message } = error as { code?: unknown; body?: unknown; message?: unknown };
  if (typeof code !== 'number') return new ApiRefusal(0, `no answer from the API server: ${String(message ?? error)}`);
  return new ApiRefusal(code, messageOf(body) ?? `the API server answered ${code}`);
}

/** The message of a Status object, which arrives parsed or as text. */
function messageOf(body: unknown): string | null {
  const status: unknown = typeof body === 'string' ? parsed(body) : body;
  return isObject(status) && typeof status['message'] === 'string' ? status['message'] : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function stateOf(answer: unknown): RequestState {
  const status = isObject(answer) && isObject(answer['status']) ? answer['status'] : {};
  const conditions = Array.isArray(status['conditions']) ? (status['conditions'] as Condition[]) : [];
  const certificate = status['certificate'];
  return { conditions, certificatePem: typeof certificate === 'string' ? Buffer.from(certificate, 'base64').toString() : null };
}

function namesOf(answer: unknown): string[] {
  const items: unknown[] = isObject(answer) && Array.isArray(answer['items']) ? answer['items'] : [];
  return items.flatMap((item) => {
    const metadata = isObject(item) ? item['metadata'] : null;
    return isObject(metadata) && typeof metadata['name'] === 'string' ? [metadata['name']] : [];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
