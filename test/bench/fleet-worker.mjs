/** One process of fleet.mjs. */
import { openBenchNode } from './bench-node.mjs';

const lookAgainMs = 100;
const nodes = [];
let expected = 0;
let counts = fresh();

function fresh() {
  return { bundles: 0, records: 0, signedBytes: 0, samplesMs: [], cpu: process.cpuUsage(), wireBytes: wireBytes() };
}

function wireBytes() {
  return nodes.reduce((total, node) => total + node.wireBytes(), 0);
}

/** What is said beside each sample. The first report carries the moment at which it was said, by a clock that all processes of the machine share. */
function reportOf(reports, reportBytes) {
  const payloads = Array.from({ length: reports }, () => Buffer.alloc(reportBytes, 7));
  return () => {
    payloads[0].writeBigUInt64BE(process.hrtime.bigint());
    return payloads.map((payload, i) => ({ kind: 16 + i, payload: new Uint8Array(payload) }));
  };
}

async function begin({ identities, nodes: inAll, seeds, intervalMs, reports, reportBytes, verifies }) {
  expected = inAll - 1;
  const addresses = [];
  for (const identity of identities) {
    const node = await openBenchNode({
      identity,
      seeds: () => [...seeds, ...addresses].slice(0, 3),
      intervalMs,
      verifies,
      report: reportOf(reports, reportBytes),
      onMerged: ({ bundle }) => {
        const timed = bundle.records.find(({ kind }) => kind === 16);
        if (timed === undefined) return;
        counts.bundles += 1;
        counts.records += bundle.records.length;
        counts.signedBytes += bundle.bytes.length;
        const saidAt = new DataView(timed.payload.buffer, timed.payload.byteOffset).getBigUint64(0);
        counts.samplesMs.push(Number(process.hrtime.bigint() - saidAt) / 1e6);
      },
    });
    nodes.push(node);
    addresses.push(node.address);
  }
  process.send({ addresses });
}

function answer(question) {
  switch (question) {
    case 'complete':
      if (nodes.every(({ known }) => known.size === expected)) return process.send({});
      return setTimeout(() => answer(question), lookAgainMs);
    case 'begin':
      counts = fresh();
      return process.send({});
    case 'count': {
      const cpu = process.cpuUsage(counts.cpu);
      const { bundles, records, signedBytes, samplesMs } = counts;
      globalThis.gc();
      return process.send({ bundles, records, signedBytes, samplesMs, cpuMs: (cpu.user + cpu.system) / 1_000, wireBytes: wireBytes() - counts.wireBytes, residentBytes: process.memoryUsage.rss() });
    }
  }
}

process.on('message', (message) => (message.question === undefined ? begin(message) : answer(message.question)));
process.on('disconnect', () => process.exit(0));
