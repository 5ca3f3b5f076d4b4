import { describe, expect, it } from 'vitest';
import { ApiRefusal, submit, type Ask, type CertificateRequests, type Condition, type RequestState } from './submission.js';

const ask: Ask = {
  pod: 'starling-0',
  podUid: 'uid-0',
  namespace: 'demo',
  name: 'starling-0-abc',
  issuer: { group: 'cert-manager.io', kind: 'Issuer', name: 'starling-ca-a' },
  durationS: 86_400,
  signingRequestPem: 'PEM',
  timeoutMs: 10_000,
};
const pending: RequestState = { conditions: [{ type: 'Approved', status: 'True' }], certificatePem: null };
const issued: RequestState = { conditions: [{ type: 'Ready', status: 'True', reason: 'Issued' }], certificatePem: 'CHAIN' };

/** An API server that answers `get` with the given states one after the other, then with the last for ever. */
function fake(states: readonly (RequestState | ApiRefusal)[], changes: Partial<CertificateRequests> = {}) {
  const calls: string[] = [];
  const manifests: object[] = [];
  let looks = 0;
  const requests: CertificateRequests = {
    create: (manifest) => {
      manifests.push(manifest);
      return Promise.resolve();
    },
    get: () => {
      const state = states[Math.min(looks++, states.length - 1)] ?? pending;
      return state instanceof ApiRefusal ? Promise.reject(state) : Promise.resolve(state);
    },
    list: () => Promise.resolve([]),
    delete: (name) => {
      calls.push(`delete ${name}`);
      return Promise.resolve();
    },
    ...changes,
  };
  return { requests, calls, manifests };
}

/** Time that passes only by sleeping. */
function clock() {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    sleep: (ms: number) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
}

function state(...conditions: Condition[]): RequestState {
  return { conditions, certificatePem: null };
}

describe('a request that is granted', () => {
  it('gives the chain, after as much waiting as it takes', async () => {
    const { requests, manifests } = fake([state(), pending, pending, issued]);
    expect(await submit(ask, requests, clock())).toEqual({ outcome: 'issued', chainPem: 'CHAIN' });
    expect(manifests).toEqual([
      expect.objectContaining({
        metadata: expect.objectContaining({ name: 'starling-0-abc', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'starling-0', uid: 'uid-0' }] }),
        spec: {
          request: Buffer.from('PEM').toString('base64'),
          issuerRef: ask.issuer,
          duration: '86400s',
          usages: ['digital signature', 'server auth', 'client auth'],
          isCA: false,
        },
      }),
    ]);
  });

  it('is not over when it is ready without a certificate', async () => {
    const { requests } = fake([{ ...issued, certificatePem: null }, issued]);
    expect(await submit(ask, requests, clock())).toMatchObject({ outcome: 'issued' });
  });

  it('removes what the pod asked before, also when somebody else was faster', async () => {
    const { requests, calls } = fake([issued], { list: (label) => Promise.resolve(label === 'starling-pod-uid=uid-0' ? ['old-1', 'old-2'] : []) });
    expect(await submit(ask, requests, clock())).toMatchObject({ outcome: 'issued' });
    expect(calls).toEqual(['delete old-1', 'delete old-2']);
    const gone = fake([issued], { list: () => Promise.resolve(['old']), delete: () => Promise.reject(new ApiRefusal(404, 'gone')) });
    expect(await submit(ask, gone.requests, clock())).toMatchObject({ outcome: 'issued' });
  });

  it('survives an API server that is away for a while, and an answer that gets lost', async () => {
    let attempts = 0;
    const { requests } = fake([new ApiRefusal(0, 'no answer'), new ApiRefusal(503, 'busy'), issued], {
      create: () => {
        attempts += 1;
        return Promise.reject(attempts === 1 ? new ApiRefusal(500, 'failed calling webhook') : new ApiRefusal(409, 'already exists'));
      },
    });
    expect(await submit(ask, requests, clock())).toMatchObject({ outcome: 'issued' });
    expect(attempts).toBe(2);
  });
});

describe('a request that is refused says why', () => {
  const endings: readonly (readonly [string, RequestState, string, string])[] = [
    ['denied by the approver', state({ type: 'Denied', status: 'True', reason: 'policy', message: 'not you' }), 'denied', 'not you'],
    ['invalid', state({ type: 'InvalidRequest', status: 'True', message: 'bad usages' }), 'failed', 'bad usages'],
    ['failed', state({ type: 'Ready', status: 'False', reason: 'Failed', message: 'no such key' }), 'failed', 'no such key'],
  ];
  it.each(endings)('%s', async (_, ending, reason, detail) => {
    const { requests } = fake([pending, ending]);
    expect(await submit(ask, requests, clock())).toMatchObject({ outcome: 'refused', reason, detail: expect.stringContaining(detail) });
  });

  it('no cert-manager: how to install it', async () => {
    const { requests, manifests } = fake([issued], { list: () => Promise.reject(new ApiRefusal(404, 'page not found')) });
    expect(await submit(ask, requests, clock())).toMatchObject({ reason: 'no-cert-manager', detail: expect.stringContaining('helm install cert-manager') });
    expect(manifests).toEqual([]);
  });

  it('forbidden by roles or by the admission policy', async () => {
    const { requests } = fake([issued], { create: () => Promise.reject(new ApiRefusal(403, 'a node may not be an authority')) });
    expect(await submit(ask, requests, clock())).toEqual({ outcome: 'refused', reason: 'forbidden', detail: 'a node may not be an authority' });
  });

  it('deleted by somebody while it was waited for', async () => {
    const { requests } = fake([pending, new ApiRefusal(404, 'starling-0-abc not found')]);
    expect(await submit(ask, requests, clock())).toMatchObject({ reason: 'failed', detail: 'starling-0-abc not found' });
  });

  it('an issuer that is never ready: what was seen last', async () => {
    const { requests } = fake([state({ type: 'Ready', status: 'False', reason: 'Pending', message: 'issuer is not ready' })]);
    const time = clock();
    expect(await submit(ask, requests, time)).toMatchObject({ reason: 'timeout', detail: expect.stringContaining('issuer is not ready') });
    expect(time.nowMs()).toBeLessThanOrEqual(ask.timeoutMs);
    expect(time.nowMs()).toBeGreaterThan(ask.timeoutMs - 2_001);
  });

  it('an API server that never answers', async () => {
    const { requests } = fake([], { list: () => Promise.reject(new ApiRefusal(0, 'connection refused')) });
    expect(await submit(ask, requests, clock())).toMatchObject({ reason: 'timeout', detail: expect.stringContaining('connection refused') });
  });
});
