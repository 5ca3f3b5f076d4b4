/** Every bound of the gateway, with its unit. */
import { schemas } from '@starling/contract';

export const gatewayLimits = {
  /** Without the streams. For one more, the oldest one of the source that has most is closed. */
  maxConnections: 256,
  maxHeaderBytes: 16_384,
  maxBodyBytes: 1_024,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 60_000,
  /** A connection on which nothing moves, milliseconds; streams are pinged instead. */
  idleTimeoutMs: 120_000,

  /** Pages that watch at once. Each takes a stream of a node, which offers 32: some are left for others who ask it. */
  maxStreams: 24,
  /** Those of the settings and of the file together. */
  maxTargets: schemas.gatewayStatus.properties.targets.maxItems,
  maxTargetsFileBytes: 65_536,
  /** Connections to one target for questions; streams have their own. */
  maxTargetSockets: 16,
  /** An answer of a node has to begin by then, milliseconds. */
  answerTimeoutMs: 5_000,
  /** And has to have passed through by then, at the pace of the page that asked, milliseconds. */
  maxAnswerMs: 60_000,
  /** A stream of a node has to be open by then, milliseconds. */
  streamOpenTimeoutMs: 5_000,
  /** The largest message that is taken from a node: a snapshot of the largest network, bytes. */
  maxUpstreamMessageBytes: 134_217_728,
  /** A stream of a node that says nothing, not even a ping, is taken for dead, milliseconds. */
  upstreamSilenceMs: 25_000,
  /** Wait before a node is tried again: at first, and at most, milliseconds. */
  retryMs: 500,
  maxRetryMs: 10_000,

  /** What may wait for a page before its node is no longer read, and when reading goes on, bytes. */
  maxBufferedBytes: 1_048_576,
  drainedBytes: 262_144,
  /** A page is pinged once in so long, and cut when it did not answer the one before, milliseconds. */
  pingIntervalMs: 20_000,
  /** What was sent before a ping has to pass first, and nothing tells how much of a message has: so slow a page is waited for, bytes per second. */
  minBytesPerSecond: 32_768,
  /** What a page may send in one message, bytes; there is nothing to say. */
  maxBrowserMessageBytes: 1_024,

  /** Certificates are looked at again so often, milliseconds. */
  certificateIntervalMs: 10_000,
  /** And the file of targets: who added a node looks for it at once. */
  targetsFileIntervalMs: 1_000,
  /** A designated node that no page watches is asked how it is so often, milliseconds. */
  probeIntervalMs: 5_000,
  /** What was heard of a node longer ago says nothing about it any more: several probes, or tries of a page, milliseconds. */
  heardLatelyMs: 30_000,
  /** How long pages may take to answer the end of their stream, milliseconds. */
  closeDeadlineMs: 500,
} as const;
