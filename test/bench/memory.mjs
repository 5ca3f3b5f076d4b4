/** Whether memory stays flat while 64 nodes speak once a second. */
import { runFleet } from './fleet.mjs';

export async function measure({ minutes }) {
  const load = { nodes: 64, intervalMs: 1_000, reports: 1, reportBytes: 130 };
  const short = await runFleet({ ...load, seconds: 30 });
  const long = await runFleet({ ...load, seconds: minutes * 60 });
  const mebibytes = (figures) => figures.map((bytes) => Math.round(bytes / 1_048_576)).join(' and ');
  const sum = (figures) => figures.reduce((total, bytes) => total + bytes, 0);
  return [
    {
      name: `memory of 64 nodes after ${minutes} min against after 0.5 min`,
      value: sum(long.residentBytes) / sum(short.residentBytes),
      unit: 'x',
      atMost: 1.1,
      from: `${mebibytes(long.residentBytes)} MiB in two processes of 32 nodes, against ${mebibytes(short.residentBytes)} MiB`,
    },
  ];
}
