/** What one delivered record costs, in processor time against one signature check, and in bytes against its own. */
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { runFleet } from './fleet.mjs';

const seconds = 15;
/** With its head, its signature and a sample beside it, a bundle of 300 bytes. */
const recordBytes = 130;

/** Milliseconds of processor time of one node:crypto check of a message of this length. */
function checkMs(bytes) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const message = Buffer.alloc(bytes, 1);
  const signature = sign(null, message, privateKey);
  const count = 10_000;
  for (let i = 0; i < count / 10; i++) verify(null, message, publicKey, signature);
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) verify(null, message, publicKey, signature);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / count;
}

export async function measure() {
  const single = checkMs(300);
  const ones = await runFleet({ seconds, intervalMs: 50, records: 1, recordBytes });
  const perBundle = ones.deliveries / 2;
  const bundled = await runFleet({ seconds, intervalMs: 500, records: 62, recordBytes: 200 });
  const costOne = ones.cpuMs / perBundle;
  const costMany = bundled.cpuMs / bundled.deliveries;
  const signed = ones.signedBytes / perBundle;
  return [
    { name: 'processor time of a delivered record against one signature check', value: costOne / single, unit: 'x', atMost: 1.3, from: `${micros(costOne)} us against ${micros(single)} us; 16 nodes, 2 processes, ${Math.round(perBundle / seconds)} deliveries/s` },
    { name: 'the same in bundles of 64 records', value: costMany / single, unit: 'x', atMost: 0.25, from: `${micros(costMany)} us a record, ${Math.round(bundled.deliveries / seconds)} records/s` },
    { name: 'bytes on the wire of a delivered record against the signed record', value: ones.wireBytes / ones.signedBytes, unit: 'x', atMost: 1.3, from: `UDP payload of everything, ${Math.round(signed)} bytes signed` },
  ];
}

function micros(ms) {
  return (ms * 1_000).toFixed(1);
}
