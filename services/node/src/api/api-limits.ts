/** Every bound of the API, with its unit. */
export const apiLimits = {
  /** The API takes no bodies; a request that announces more than this is refused before it is read, bytes. */
  maxBodyBytes: 1_024,
  maxHeaderBytes: 8_192,
  /** Connections at once of clients whose certificate was accepted, streams included; one more is closed. */
  maxConnections: 256,
  /** And of others, such as those whose handshake is under way: for one more, the oldest one of the source that has most is closed. */
  maxStrangers: 256,
  /** A request has to be complete by then, milliseconds. */
  requestTimeoutMs: 10_000,
  tlsHandshakeTimeoutMs: 5_000,
  keepAliveTimeoutMs: 60_000,
  /** A connection on which nothing moves, milliseconds; streams are pinged instead. */
  idleTimeoutMs: 120_000,

  maxStreams: 32,
  /** Changes become a message at most once in so long, milliseconds. */
  frameIntervalMs: 250,
  /** Figures of the peers change all the time; they go out once in so long, milliseconds. */
  peerFiguresIntervalMs: 2_000,
  /** What may wait in a stream before it is left alone until it has drained, bytes. */
  maxBufferedBytes: 262_144,
  /** A stream is pinged once in so long, and cut when nothing of it moved for as long as the second, milliseconds. */
  pingIntervalMs: 10_000,
  maxSilenceMs: 30_000,
  /** What was sent before a ping has to pass first, and nothing tells how much of a message has: so slow a client is waited for, bytes per second. */
  minBytesPerSecond: 32_768,
  /** How long a client may take to answer the close of its stream, milliseconds. */
  closeDeadlineMs: 300,
  /** What a client may send in one message, bytes; there is nothing to say. */
  maxClientMessageBytes: 1_024,

  /** Frames kept for clients that are behind: with four a second, half a minute. */
  maxFrames: 128,
  /** Entries (events, arrivals, forgotten nodes) in all frames together. */
  maxFrameEntries: 40_000,
  /** As the contract says. */
  maxArrivals: 100,
  /** Timeline events in one frame; the newest are kept. */
  maxFrameEvents: 500,
} as const;
