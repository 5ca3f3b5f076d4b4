/** The figures of a core at one moment; for metrics, and for tests of its bounds. */
export interface EngineStatistics {
  readonly origins: number;
  readonly tombstones: number;
  /** Connections, those still in the handshake included. */
  readonly connections: number;
  readonly peers: number;
  readonly eagerPeers: number;
  readonly pendingVerifications: number;
  /** Bundle bytes that wait for peers. */
  readonly queuedBytes: number;
  /** Addresses known from discovery and former peers. */
  readonly addresses: number;
  /** Connections sought at this size of the network. */
  readonly targetDegree: number;
}
