/** Kind 1: what a node says of itself that changes rarely (docs/PROTOCOL.md section 4). */

/** A cumulative count since some start, or a value of the moment. */
export type MetricType = 'counter' | 'gauge';

export interface MetricDefinition {
  /** Semantic-convention name, such as `system.cpu.utilization`; [a-z0-9_.] and at most 80 characters. */
  readonly name: string;
  /** UCUM unit, such as `1`, `By`, `s`, `By/s`; at most 16 characters. */
  readonly unit: string;
  readonly type: MetricType;
  /** Values are multiples of 10^exponent; -9 to 9. A sample carries the multiple as an integer. */
  readonly exponent: number;
}

export interface Descriptor {
  /** What people call the node; at most 63 characters. */
  readonly name: string;
  /** Version of the software. */
  readonly version: string;
  /** At most limits.maxLabels pairs. */
  readonly labels: Readonly<Record<string, string>>;
  /** The metrics of a sample, in order. */
  readonly metrics: readonly MetricDefinition[];
}
