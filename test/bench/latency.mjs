/** From saying to merging, at low load, beside the same with signatures unchecked. */
import { quantile, runFleet } from './fleet.mjs';

export async function measure() {
  const load = { seconds: 20, intervalMs: 1_000, reports: 1, reportBytes: 130 };
  const checked = await runFleet(load);
  const unchecked = await runFleet({ ...load, verifies: false });
  const figure = (name, share, atMost) => ({
    name,
    value: quantile(checked.samplesMs, share),
    unit: 'ms',
    atMost,
    from: `${quantile(unchecked.samplesMs, share).toFixed(2)} ms with signatures unchecked; 16 nodes at 1 Hz, ${checked.samplesMs.length} deliveries`,
  });
  return [figure('latency p50', 0.5, 3), figure('latency p99', 0.99, 10)];
}
