/**
 * The bounds and fixed durations of the protocol, with their units in their names (docs/PROTOCOL.md section 11). How long
 * a single field of a record may be stands with its format.
 */
export const limits = {
  /** Origins whose records are kept. Beyond it, unknown origins are ignored until others are forgotten. */
  maxOrigins: 20_000,
  /** Past this many present members the sample interval stretches in proportion, everywhere alike. */
  stretchOrigins: 1_000,
  /** One bundle with its signature, bytes. */
  maxBundleBytes: 16_384,
  /** Records in one bundle. */
  maxRecordsPerBundle: 64,
  /** Kinds kept per origin. */
  maxKindsPerOrigin: 72,
  /** Bundles in force per origin, bytes: one answer of the repair must hold them. */
  maxOriginBytes: 131_072,
  /** One message on a stream, bytes. */
  maxMessageBytes: 65_536,
  /** Metrics in a descriptor. */
  maxMetrics: 128,
  /** Labels in a descriptor. */
  maxLabels: 32,
  /** One descriptor, bytes: with a credential and a sample it fits in one bundle. */
  maxDescriptorBytes: 8_192,
  /** One credential with its certificate chain, bytes. */
  maxCredentialBytes: 6_144,
  /** Certificates in its chain. */
  maxCertificates: 4,
  /** A certificate or a credential may begin this much later by our clock, milliseconds. */
  certificateToleranceMs: 120_000,
  /** Roots in a trust record. */
  maxRoots: 16,

  /** Connections that carry or may soon carry gossip, whatever the target. */
  maxConnections: 256,
  /** Connections sought, however many others there are: the rest is for those who dial. */
  maxTargetConnections: 224,
  /** Connections beyond the target before one is closed. */
  surplusConnections: 3,
  /** Connections of one leaf that are not up yet: whoever has one certificate holds no places for longer. */
  maxHandshakesPerLeaf: 4,
  /** A node that broke the protocol, once it was known to be that node, is not let in for so long, milliseconds. */
  barredMs: 60_000,
  /** Nodes of which it is remembered, after their connection ended, what they may still cost. */
  maxPartedNodes: 1_024,
  /** Both hellos and proofs have to be through by then, milliseconds. */
  handshakeDeadlineMs: 5_000,
  /** What may overtake the handshake on one connection: messages, and their bytes. */
  maxEarlyMessages: 64,
  maxEarlyBytes: 262_144,

  /** One address as text, bytes. */
  maxAddressBytes: 64,
  /** Addresses kept from discovery, and learned from joins and former peers. */
  maxDiscoveredAddresses: 32,
  maxLearnedAddresses: 8,
  /** An address at which this node met its own id is not dialled for so long, milliseconds. */
  ownAddressMs: 600_000,
  /** Dials under way at once. */
  maxDials: 3,
  /** A join is dialled while fewer are: what others tell leaves one for the addresses that the node knows by itself. */
  maxJoinDials: 2,
  /** A peer that was one and is none any more is not dialled again for so long while there are others, milliseconds. */
  redialAfterMs: 60_000,
  /** A connection is not closed for surplus before it is so old, milliseconds. */
  surplusAfterMs: 10_000,
  /** Or so old, when there are twice as many as wanted: others may find no room. */
  crowdedAfterMs: 2_000,
  /** After a dial failed: the first wait, and the longest, milliseconds. */
  dialBackoffMs: 1_000,
  maxDialBackoffMs: 60_000,
  /** How often the overlay looks after itself, milliseconds. */
  overlayIntervalMs: 1_000,
  /** A known address is tried although there are peers enough: while somebody is missed, and otherwise, milliseconds. */
  healIntervalMs: 5_000,
  rotateIntervalMs: 60_000,
  /** Discovery is asked again for ever: while peers are wanting (first, doubling), and otherwise, milliseconds. */
  discoverHurryMs: 1_000,
  discoverIntervalMs: 60_000,
  /** Steps of the random walk that a join takes. */
  joinSteps: 3,
  /** A peer may begin or pass on this many walks per minute. */
  maxJoinsPerMinute: 30,

  /** Messages handed to the transport and not yet out, per peer. */
  maxOutstandingMessages: 32,
  /** And those that wait to be handed to it. */
  maxWaitingMessages: 256,
  /** Under load, bundles wait so long to share a message, milliseconds. */
  batchMs: 10,
  /** What is sent as one stream once a peer's queue exceeds what datagrams carry well, bytes. */
  streamBatchBytes: 32_768,
  /** More than so many bytes queued for a peer go by stream. */
  datagramBacklogBytes: 12_000,
  /** Connections crossed are counted so far. */
  maxHops: 64,
  /** An age beyond this says no more, milliseconds. */
  maxAgeMs: 86_400_000,

  /** Announcements: how often, to how many peers, how many in one message. */
  announceIntervalMs: 300,
  announcePeers: 2,
  maxAnnouncements: 2_048,
  /** A way that is shorter by so many hops is worth a change of parent. */
  worthwhileHops: 2,
  /** How long an announced bundle may be late before it is fetched, milliseconds. */
  graftDelayMs: 250,
  /** A peer is asked for the credential of an origin at most once in so long, milliseconds. */
  askIntervalMs: 100,
  /** Origins waited for after an announcement. */
  maxMissing: 8_192,
  /** And of them after those of one peer: what one invents leaves room for what the others tell. */
  maxPeerMissing: 2_048,
  /** Peers that announced one origin and are asked for it one after the other: the last of them after so many times `graftDelayMs`. */
  maxAnnouncers: 4,
  /** What a peer brings once too often is collected so long before it is told, milliseconds. */
  pruneDelayMs: 20,

  /** Bundles of our own whose signature is asked for and not yet there. */
  maxUnsigned: 16,

  /** One anti-entropy round in so long, milliseconds. */
  antiEntropyIntervalMs: 1_000,
  /** The answer to a digest is not waited for longer, milliseconds. */
  answerDeadlineMs: 5_000,
  /** Entries in one digest. */
  maxDigestEntries: 256,
  /** What a node sends to all others together to repair their stores, bytes per second. */
  antiEntropyBytesPerSecond: 4_194_304,
  /** And to one of them. */
  antiEntropyPeerBytesPerSecond: 1_048_576,
  /** One answer to a digest, bytes of bundles. */
  maxAnswerBytes: 262_144,
  /** Within a round a pass goes on at once so often where the other stopped for want of budget: about as many full answers as its budget holds. */
  maxContinuations: 8,
  /** A sample younger than so many sample intervals is on its way along the tree, and not repaired. */
  underwayIntervals: 2,
  /** Origins asked for in one request. */
  maxRequestedOrigins: 1_024,

  /** Checks of signatures under way, in all and per peer. */
  maxPendingVerifications: 4_096,
  maxPeerPendingVerifications: 1_024,
  /** Bundles of one origin that are checked: per second in the long run, and at once. Well beyond what a sensor says; what a node that floods its own costs the others. */
  maxBundlesPerSecond: 64,
  maxBundleBurst: 128,
  /** Credentials of unknown origins, brought by one node, that are judged and refused: per second in the long run, and at once. What a peer that invents nodes costs; one that trusts other roots than we do brings as many now and then. */
  maxRefusedCredentialsPerSecond: 16,
  maxRefusedCredentialBurst: 256,
  /** A credential of an origin that was refused is refused again for so long without being judged, milliseconds. */
  refusedCredentialMs: 60_000,
  /** Origins of which that is remembered. */
  maxRefusedRemembered: 1_024,
  /** A time stamp may be so far ahead of our clock, and that of a sample so far behind, milliseconds. */
  maxFutureMs: 60_000,
  maxSampleAgeMs: 900_000,
  /** A node says again all that is in force of it at least so often: well before it is too old for who meets it then, milliseconds. */
  introduceIntervalMs: 600_000,

  /** Suspicion begins at this accrual level: the chance of being wrong is 10^-phi if arrivals are as they were. */
  suspicionPhi: 8,
  /** The least standard deviation assumed of arrivals, in sample intervals. */
  leastDeviationIntervals: 0.6,
  /** A suspect has failed so many sample intervals after its silence was due, if it says nothing meanwhile. */
  failureIntervals: 10,
  /** And one whose last news came late is suspect for so many at least: the age that it came with may be false. */
  leastSuspectIntervals: 3,
  /** A member counts as settled after so many sample intervals. */
  settledIntervals: 5,
  /** After a pause of our own nobody is judged for so many sample intervals. */
  stallGraceIntervals: 3,
  /** Those who left or failed are forgotten after so long, milliseconds. */
  retentionMs: 600_000,
  /** What is remembered of the forgotten, so that they do not come back by accident: how many, and for how long. */
  maxTombstones: 4_096,
  tombstoneMs: 3_600_000,
  /** Leaves whose connections ended that are remembered for `retentionMs`, so that none is shown for a second node. */
  maxPartedLeaves: 4_096,
  /** The own farewell is waited for so long, milliseconds. */
  farewellDeadlineMs: 800,
  /** Conflicts over the own identity are answered at most once in so long, milliseconds. */
  conflictIntervalMs: 10_000,
} as const;

export type LimitName = keyof typeof limits;

/**
 * Bounds at which something of others is dropped: reported as `limit-reached`. The others bound what is looked at (whoever
 * exceeds them is refused), what is remembered (the oldest goes) or what this node itself does.
 */
export const reportedLimits = [
  'maxOrigins', 'maxBundleBytes', 'maxKindsPerOrigin', 'maxOriginBytes', 'maxConnections', 'maxHandshakesPerLeaf', 'maxEarlyMessages', 'maxEarlyBytes',
  'maxJoinsPerMinute', 'maxWaitingMessages', 'maxMissing', 'maxPeerMissing', 'maxUnsigned', 'antiEntropyBytesPerSecond', 'antiEntropyPeerBytesPerSecond', 'maxAnswerBytes',
  'maxPendingVerifications', 'maxPeerPendingVerifications', 'maxBundlesPerSecond', 'maxRefusedCredentialsPerSecond', 'maxPartedLeaves',
] as const satisfies readonly LimitName[];

export type ReportedLimit = (typeof reportedLimits)[number];
