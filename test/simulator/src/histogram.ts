/** Counts of whole numbers, the last bin for all that is larger: enough for quantiles of hops and of milliseconds. */
export class Histogram {
  readonly #counts: Float64Array;
  total = 0;
  largest = 0;

  constructor(most: number) {
    this.#counts = new Float64Array(most + 1);
  }

  add(value: number): void {
    const bin = Math.min(this.#counts.length - 1, Math.max(0, Math.round(value)));
    this.#counts[bin] = (this.#counts[bin] as number) + 1;
    this.total += 1;
    if (value > this.largest) this.largest = value;
  }

  /** The least value that this share of all is not above; null when nothing was counted. */
  quantile(share: number): number | null {
    if (this.total === 0) return null;
    let seen = 0;
    for (let value = 0; value < this.#counts.length; value++) {
      seen += this.#counts[value] as number;
      if (seen >= share * this.total) return value;
    }
    return this.largest;
  }
}
