/** Kinds of records (docs/PROTOCOL.md 4.5). */
export const kinds = {
  credential: 0,
  descriptor: 1,
  sample: 2,
  farewell: 3,
  trust: 4,
  /** First kind for the reports of applications. */
  firstReport: 16,
  /** Kinds from here on are malformed. */
  end: 16_384,
} as const;
