/** The types of the contract, derived from its schemas. */
import type { FromSchema } from 'json-schema-to-ts';
import type * as schemas from './schemas.js';

export type MetricDefinition = FromSchema<typeof schemas.metricDefinition>;
export type Absence = FromSchema<typeof schemas.absence>;
export type Node = FromSchema<typeof schemas.node>;
export type NodeDetail = FromSchema<typeof schemas.nodeDetail>;
export type Certificate = FromSchema<typeof schemas.certificate>;
export type AsOf = FromSchema<typeof schemas.asOf>;
export type Agreement = FromSchema<typeof schemas.agreement>;
export type Counts = FromSchema<typeof schemas.counts>;
export type Self = FromSchema<typeof schemas.self>;
export type Nodes = FromSchema<typeof schemas.nodes>;
export type NodeAnswer = FromSchema<typeof schemas.nodeAnswer>;
export type RecordAnswer = FromSchema<typeof schemas.recordAnswer>;
export type Peer = FromSchema<typeof schemas.peer>;
export type Peers = FromSchema<typeof schemas.peers>;
export type TimelineEvent = FromSchema<typeof schemas.timelineEvent>;
export type Arrival = FromSchema<typeof schemas.arrival>;
export type SnapshotMessage = FromSchema<typeof schemas.snapshotMessage>;
export type ChangesMessage = FromSchema<typeof schemas.changesMessage>;
export type Problem = FromSchema<typeof schemas.problem>;
export type GatewayStatus = FromSchema<typeof schemas.gatewayStatus>;
export type TrustAnswer = FromSchema<typeof schemas.trustAnswer>;

/** Gateway to browser, between the messages of the node. */
export type GatewayMessage = FromSchema<typeof schemas.upstreamMessage> | FromSchema<typeof schemas.targetsMessage>;

/** What comes down a stream. */
export type StreamMessage = SnapshotMessage | ChangesMessage | GatewayMessage;
