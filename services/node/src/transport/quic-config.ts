/**
 * The settings of one connection. A fresh one for each: a server's that is used twice hands out session tickets, and a
 * resumed client needs no certificate. Fresh ones also bring renewed certificates into use without a restart.
 */
import { limits } from '@starling/gossip';
import type { NativeConfig, Quiche } from './native.js';
import type { TransportCredentials } from './transport.js';
import { transportLimits } from './transport-limits.js';

/** Carries the version of the protocol (docs/PROTOCOL.md 2.1). */
const applicationProtocol = 'starling/1';
const signatureAlgorithms = 'ecdsa_secp256r1_sha256:ed25519';

/** The credentials have been checked to be PEM and to match: what is not aborts the process inside the library. */
export function freshConfig(quiche: Quiche, credentials: TransportCredentials): NativeConfig {
  const bytes = (text: string) => new TextEncoder().encode(text);
  // The first argument makes the other side's certificate a must. `verifyPeer` must not be called after this: it would undo it.
  const config = quiche.Config.withBoringSslCtx(true, false, bytes(credentials.rootsPem), [bytes(credentials.keyPem)], [bytes(credentials.chainPem)], signatureAlgorithms);
  config.setApplicationProtos([applicationProtocol]);
  config.grease(false);
  config.setMaxIdleTimeout(transportLimits.idleMs);
  config.setMaxRecvUdpPayloadSize(transportLimits.payloadBytes);
  config.setMaxSendUdpPayloadSize(transportLimits.payloadBytes);
  config.setInitialMaxData(transportLimits.connectionWindowBytes);
  config.setMaxConnectionWindow(transportLimits.connectionWindowBytes);
  config.setInitialMaxStreamDataUni(Math.max(transportLimits.streamWindowBytes, limits.maxMessageBytes));
  config.setMaxStreamWindow(transportLimits.streamWindowBytes);
  config.setInitialMaxStreamDataBidiLocal(0);
  config.setInitialMaxStreamDataBidiRemote(0);
  config.setInitialMaxStreamsBidi(0);
  config.setInitialMaxStreamsUni(transportLimits.maxStreams);
  config.enableDgram(true, transportLimits.datagramQueue, transportLimits.datagramQueue);
  config.setDisableActiveMigration(true);
  config.setActiveConnectionIdLimit(2);
  config.setCcAlgorithm(quiche.CongestionControlAlgorithm.CUBIC);
  config.enableHystart(true);
  // With pacing off the estimate of the round trip runs away after a loss; the release times it suggests are not kept.
  config.enablePacing(true);
  return config;
}
