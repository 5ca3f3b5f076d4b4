/** A whole node but for its disk, its API and its sensors: the core, the driver, real QUIC, real signatures and certificates. */
import { createPrivateKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '@starling/gossip';
import { openAuthority } from '../../services/cli/dist/authority/authority.js';
import { freeUdpPorts } from '../../services/cli/dist/cluster/free-ports.js';
import { clusterTagOf, makeCredential, verifyCredential } from '../../services/node/dist/certificates/credential.js';
import { TrustedRoots } from '../../services/node/dist/certificates/trusted-roots.js';
import { createRandom, systemClock } from '../../services/node/dist/driver/clock.js';
import { Driver } from '../../services/node/dist/driver/driver.js';
import { createSignatureVerifier } from '../../services/node/dist/identity/verify-signature.js';
import { openQuicTransport } from '../../services/node/dist/transport/quic-transport.js';

export const cluster = 'bench';

/** Keys, leaves and roots for so many nodes, as plain data that another process may be given. */
export async function issueIdentities(count) {
  const folder = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  try {
    const authority = await openAuthority(folder, cluster);
    const rootsPem = readFileSync(join(folder, 'ca.crt'), 'utf8');
    const identities = [];
    for (let i = 0; i < count; i++) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const nodeId = Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url').toString('hex');
      const { directory } = await authority.issueLeaf({ name: `node-${i}`, uri: `spiffe://${cluster}/node/${nodeId}`, days: 1 });
      identities.push({
        name: `node-${i}`,
        nodeId,
        keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        tls: { chainPem: readFileSync(join(directory, 'tls.crt'), 'utf8'), keyPem: readFileSync(join(directory, 'tls.key'), 'utf8'), rootsPem },
      });
    }
    return identities;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * `seeds`: addresses to join by; `intervalMs`: between samples; `report`: what to say beside each sample, by kind;
 * `onMerged` sees every bundle of others. Verification is off where `verifies` is false.
 */
export async function openBenchNode({ identity, seeds, intervalMs, report, onMerged, verifies = true }) {
  const { tls, nodeId, name } = identity;
  const clusterTag = clusterTagOf(cluster);
  const key = createPrivateKey(identity.keyPem);
  const roots = new TrustedRoots([new X509Certificate(tls.rootsPem)]);
  const random = createRandom();
  const [port] = await freeUdpPorts(1);
  const engine = createEngine({
    clusterTag,
    self: nodeId,
    incarnation: 1,
    credential: makeCredential({ clusterTag, nodeId, chainPem: tls.chainPem, keyPem: tls.keyPem }),
    descriptor: { name, version: 'bench', labels: {}, metrics: [] },
    advertise: `127.0.0.1:${port}`,
    sampleIntervalMs: intervalMs,
    connections: { type: 'logarithmic' },
    random,
  });
  let transport = null;
  const known = new Set();
  const driver = new Driver({
    engine,
    openTransport: async (listener) => (transport = await openQuicTransport({ host: '127.0.0.1', port, cluster, credentials: () => tls, endOfTrust: () => Number.POSITIVE_INFINITY, listener })),
    sign: (message) => sign(null, message, key),
    verifySignature: verifies ? createSignatureVerifier() : async () => true,
    verifyCredential: (credential, wallMs) => verifyCredential(credential, { roots, cluster, clusterTag, acceptsShared: false, wallMs }),
    discover: async () => seeds(),
    sample: () => {
      driver.feed({ type: 'reported', records: report() });
      return [];
    },
    persistIncarnation: async () => {},
    clock: systemClock,
    random,
    onEvent: (event) => {
      if (event.type !== 'record-merged' || event.via === null) return;
      known.add(event.origin);
      onMerged(event);
    },
    onFault: (fault) => {
      throw fault;
    },
  });
  await driver.start();
  return {
    address: transport.address,
    /** Other nodes that were heard. */
    known,
    /** UDP payload sent since the start. */
    wireBytes: () => transport.counters().bytes_sent ?? 0,
    stop: () => driver.stop(),
  };
}
