/**
 * Every bound and every fixed duration of the protocol, with its unit in its name. A bound that is reached is reported
 * as `limit-reached` under the name that stands here.
 */
export const limits = {
  /** Origins whose records are kept. Beyond it, unknown origins are ignored until others are forgotten. */
  maxOrigins: 20_000,
  /** Past so many origins the sample interval stretches in proportion, everywhere alike. */
  stretchOrigins: 1_000,
  /** One bundle with its signature, bytes. */
  maxBundleBytes: 16_384,
  /** Records in one bundle. */
  maxRecordsPerBundle: 64,
  /** Kinds kept per origin. */
  maxKindsPerOrigin: 72,
  /** One message on a stream, bytes. */
  maxMessageBytes: 65_536,
  /** Metrics in a descriptor. */
  maxMetrics: 128,
  /** Labels in a descriptor. */
  maxLabels: 32,
  /** One credential with its certificate chain, bytes. */
  maxCredentialBytes: 6_144,
} as const;
