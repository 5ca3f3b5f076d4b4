/** What goes wrong on purpose: crashes and disks, cuts through the network, clocks, slowness. */
import type { Run } from './run.js';
import type { Disk, SimulatedNode } from './simulated-node.js';
import { calmLinks } from './network.js';

export const diskFates = ['kept', 'old', 'lost'] as const;
/** What a restarted node finds: its disk, one restored from a backup, or an empty one. */
export type DiskFate = (typeof diskFates)[number];

/** Crashes the nodes; they come back later with what this fate leaves of their disk. */
export function restart(run: Run, nodes: readonly SimulatedNode[], downSeconds: number, fate: DiskFate): void {
  for (const node of nodes) {
    if (!node.isRunning) continue;
    run.world.crash(node);
    const { life } = node;
    run.world.at(run.world.nowMs + downSeconds * 1_000, () => {
      if (node.life !== life) return;
      if (fate === 'lost') node.disk = { key: run.world.newKey(), incarnation: 0 };
      if (fate === 'old') node.disk.incarnation = Math.max(0, node.disk.incarnation - 1);
      run.world.start(node);
    });
  }
}

/** A second machine runs from a copy of this node's disk. */
export function clone(run: Run, node: SimulatedNode): SimulatedNode {
  const copy = run.world.add();
  const disk: Disk = { ...node.disk };
  copy.disk = disk;
  run.world.start(copy);
  return copy;
}

/** Cuts the network in parts that cannot reach one another; `one-way` lets the first part be heard and hear nothing. */
export function cut(run: Run, partOf: (node: SimulatedNode) => number, ways: 'both-ways' | 'one-way'): void {
  run.world.wiring.reaches = ways === 'both-ways' ? (from, to) => partOf(from) === partOf(to) : (from, to) => partOf(from) === partOf(to) || partOf(from) === 0;
}

/** Links, clocks and machines are well again; what was in pieces is excused until it has met. */
export function healNetwork(run: Run): void {
  run.world.wiring.reaches = null;
  run.world.wiring.faults = { ...calmLinks };
  for (const node of run.world.nodes) {
    node.messageCostMs = 0;
    node.verificationMs = 0;
    node.bytesPerSecond = Number.POSITIVE_INFINITY;
    node.drift(run.world.nowMs, 1);
    node.wallOffsetMs = 0;
  }
  run.health.excuse();
}
