/** Bounds and durations of the QUIC adapter. Those that security rests on are tried in test/conformance. */
export const transportLimits = {
  /** UDP payload sent at most, and received at most, bytes. */
  payloadBytes: 1_350,
  /** What a datagram frame and its packet cost of it, bytes. */
  datagramOverheadBytes: 44,
  /** Asked of the kernel; what it gave is a counter. */
  receiveBufferBytes: 4 * 1_048_576,
  /** Silence after which a connection is gone, and after which this end says something, milliseconds. */
  idleMs: 15_000,
  keepAliveMs: 5_000,
  /** From the first packet to both certificates judged, milliseconds. */
  handshakeMs: 4_000,
  /** A closed connection is kept so long to tell the other side, milliseconds. */
  lingerMs: 1_000,
  /** Shutdown waits so long for farewells of connections, milliseconds. */
  shutdownMs: 300,
  /** A connection ends at this age, give or take a tenth, so that certificates are looked at again, milliseconds. */
  maxAgeMs: 12 * 3_600_000,
  /** Of an accepted connection before it is authenticated. */
  handshakeBytes: 32_768,
  handshakePackets: 40,
  /** Accepted connections that are not yet authenticated. One more displaces the oldest of the largest crowd (`whoGivesWay`), so that strangers keep nobody out. */
  maxHalfOpen: 64,
  /** And of them from one source (`sourceOf`), which displaces its own oldest. */
  maxHalfOpenPerSource: 32,
  /** Connections of any state. */
  maxConnections: 512,
  /** Initial packets answered by Retry, and connections accepted: per second and source, and in all. */
  retriesPerSource: 100,
  retries: 1_000,
  acceptsPerSource: 50,
  accepts: 200,
  /** Sources remembered for it. */
  maxSources: 4_096,
  /** A Retry token is good for so long, milliseconds. */
  tokenMs: 10_000,
  /** QUIC's own bounds (RFC 9000): shorter Initial datagrams and destination ids are not from a client that follows it. */
  minInitialBytes: 1_200,
  minDestinationIdBytes: 8,
  connectionIdBytes: 20,
  /** Flow control windows, bytes. */
  connectionWindowBytes: 524_288,
  streamWindowBytes: 131_072,
  /** Messages under way on streams, each way. */
  maxStreams: 128,
  /** Datagrams that the library keeps, each way. */
  datagramQueue: 512,
  /** Messages that wait here for one connection; beyond it datagrams are dropped, and streams end the connection. */
  maxQueued: 2_048,
  /** Work for one connection in one turn of the event loop. */
  datagramsPerTurn: 128,
  /** Acknowledgements wait for something to travel with: until so many packets came, or so long, milliseconds (at most 25, what RFC 9000 lets peers expect). */
  acknowledgeAfterPackets: 8,
  acknowledgeAfterMs: 10,
  packetsPerTurn: 32,
} as const;
