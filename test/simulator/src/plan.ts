/** What a plan is: a named course of events over a network, with its sizes and what it states to hold. */
import type { Run } from './run.js';

export interface Plan {
  readonly name: string;
  /** One line for `--plan list`. */
  readonly about: string;
  /** Used unless the command line says otherwise. */
  readonly nodes: number;
  readonly seconds: number;
  /** The sizes of `--nightly`, and how many seeds. */
  readonly nightly: { readonly nodes: number; readonly seconds?: number; readonly seeds: number };
  /** Metrics in each sample; 30 unless stated. */
  readonly metrics?: number;
  /** 1,000 unless stated. */
  readonly sampleIntervalMs?: number;
  course(run: Run): void;
}
