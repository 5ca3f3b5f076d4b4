/** What one delivered bundle costs, in processor time against one signature check, and in bytes against its own; and what a record costs where many share a bundle. */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { signedMessage } from '@starling/gossip';
import { runFleet } from './fleet.mjs';

const seconds = 15;
const signatureBytes = 64;

/** Milliseconds of processor time of one node:crypto check of a bundle that takes so many bytes with its signature. */
function checkMs(bundleBytes) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const message = signedMessage('starling/bundle/1', new Uint8Array(bundleBytes - signatureBytes).fill(1));
  const signature = sign(null, message, privateKey);
  const count = 10_000;
  for (let i = 0; i < count / 10; i++) verify(null, message, publicKey, signature);
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) verify(null, message, publicKey, signature);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / count;
}

export async function measure() {
  const small = await runFleet({ seconds, intervalMs: 50, reports: 1, reportBytes: 130 });
  const bundleBytes = Math.round(small.signedBytes / small.bundles);
  const check = checkMs(bundleBytes);
  // With the sample 64 records, the most that a bundle holds.
  const full = await runFleet({ seconds, intervalMs: 500, reports: 63, reportBytes: 200 });
  const costOfBundle = small.cpuMs / small.bundles;
  const costOfRecord = full.cpuMs / full.records;
  return [
    {
      name: 'processor time of a delivered bundle of two records against one signature check',
      value: costOfBundle / check,
      unit: 'x',
      atMost: 1.3,
      from: `${micros(costOfBundle)} us against ${micros(check)} us; 16 nodes, 2 processes, ${Math.round(small.bundles / seconds)} bundles/s of ${perBundle(small)} records`,
    },
    { name: 'that of a delivered record in bundles of 64', value: costOfRecord / check, unit: 'x', atMost: 0.25, from: `${micros(costOfRecord)} us a record, ${Math.round(full.records / seconds)} records/s in bundles of ${perBundle(full)}` },
    { name: 'bytes on the wire of a delivered bundle of two records against the signed bundle', value: small.wireBytes / small.signedBytes, unit: 'x', atMost: 1.3, from: `UDP payload of everything, ${bundleBytes} bytes signed` },
  ];
}

/** Records, on average. */
function perBundle({ records, bundles }) {
  return (records / bundles).toFixed(1);
}

function micros(ms) {
  return (ms * 1_000).toFixed(1);
}
