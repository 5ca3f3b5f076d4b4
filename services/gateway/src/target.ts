/** One node that can be shown: questions and streams to it over mutual TLS, and how it is. */
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { PeerCertificate } from 'node:tls';
import { type GatewayStatus, paths, soleUri } from '@starling/contract';
import { WebSocket } from 'ws';
import type { OwnCertificates } from './certificates.js';
import { gatewayLimits } from './gateway-limits.js';
import type { TargetSettings } from './target-list.js';

export type Upstream = GatewayStatus['upstream'];

export class Target {
  readonly name: string;
  readonly #url: URL;
  readonly #cluster: string;
  #questions: https.Agent;
  #streams: https.Agent;
  #upstream: Upstream = { state: 'connecting', since: new Date().toISOString(), detail: null };
  /** On the clock of `performance.now()`. */
  #notedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ name, url }: TargetSettings, cluster: string, material: OwnCertificates) {
    this.name = name;
    this.#url = url;
    this.#cluster = cluster;
    [this.#questions, this.#streams] = this.#agents(material);
  }

  /** How the node was when it was last heard of. */
  get upstream(): Upstream {
    return this.#upstream;
  }

  /** Whether it answers; null when nobody asked it lately: what it was then says nothing about now. */
  get answers(): boolean | null {
    return performance.now() - this.#notedAtMs > gatewayLimits.heardLatelyMs ? null : this.#upstream.state === 'up';
  }

  /** Uses these certificates from now on. Questions under way fail; streams that are open stay so. */
  renew(material: OwnCertificates): void {
    this.close();
    [this.#questions, this.#streams] = this.#agents(material);
  }

  /** Asks with GET; resolves when the head of the answer is here. Rejects when the node cannot be reached. */
  ask(pathAndQuery: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = https.get(new URL(pathAndQuery, this.#url), { agent: this.#questions, headers: { accept: 'application/json' } });
      const deadline = setTimeout(() => request.destroy(new Error(`no answer within ${gatewayLimits.answerTimeoutMs / 1_000} s`)), gatewayLimits.answerTimeoutMs);
      request.on('response', (response) => {
        clearTimeout(deadline);
        if (response.statusCode === 403) this.noteAway(certificateRefused);
        else this.noteUp();
        const end = setTimeout(() => response.destroy(new Error('the answer took too long')), gatewayLimits.maxAnswerMs);
        response.on('close', () => clearTimeout(end));
        resolve(response);
      });
      request.on('error', (error) => {
        clearTimeout(deadline);
        this.noteAway(reasonOf(error));
        reject(error);
      });
    });
  }

  /** Opens a stream; how it goes on is told by the events of the socket. */
  openStream(resume: string | null): WebSocket {
    const url = new URL(paths.stream, this.#url);
    url.protocol = 'wss:';
    if (resume !== null) url.searchParams.set('resume', resume);
    return new WebSocket(url, {
      agent: this.#streams,
      handshakeTimeout: gatewayLimits.streamOpenTimeoutMs,
      maxPayload: gatewayLimits.maxUpstreamMessageBytes,
      perMessageDeflate: false,
      skipUTF8Validation: false,
    });
  }

  noteUp(): void {
    this.#notedAtMs = performance.now();
    if (this.#upstream.state !== 'up') this.#upstream = { state: 'up', since: new Date().toISOString(), detail: null };
  }

  /** `reason` says why; what to do is added. `since` stays that of the first failure. */
  noteAway(reason: string): void {
    this.#notedAtMs = performance.now();
    const since = this.#upstream.state === 'away' ? this.#upstream.since : new Date().toISOString();
    this.#upstream = { state: 'away', since, detail: `${this.name}: ${reason}` };
  }

  close(): void {
    this.#questions.destroy();
    this.#streams.destroy();
  }

  #agents({ chainPem, keyPem, rootsPem }: OwnCertificates): [https.Agent, https.Agent] {
    const options: https.AgentOptions = { cert: chainPem, key: keyPem, ca: rootsPem, minVersion: 'TLSv1.3', checkServerIdentity: (_host: string, certificate: PeerCertificate) => nodeFault(certificate, this.#cluster) };
    return [
      new https.Agent({ ...options, keepAlive: true, maxSockets: gatewayLimits.maxTargetSockets, scheduling: 'lifo' }),
      new https.Agent({ ...options, maxSockets: gatewayLimits.maxStreams }),
    ];
  }
}

/** A node of this cluster is recognized by the one URI of its leaf (docs/PROTOCOL.md 3.1), not by a host name. */
function nodeFault({ subjectaltname }: PeerCertificate, cluster: string): Error | undefined {
  const uri = soleUri(subjectaltname) ?? '';
  const form = new RegExp(`^spiffe://${cluster}/(?:node/[0-9a-f]{64}|leaf/[A-Za-z0-9._-]{1,128}|shared)$`);
  return form.test(uri) ? undefined : Object.assign(new Error(`not the certificate of a node of ${cluster}`), { code: 'NOT_A_NODE' });
}

/** Status 403 of a node. */
export const certificateRefused = 'it refuses the certificate of this gateway. Give the gateway one of this cluster.';

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at its address. Start the node, or correct the address of the target.',
  ECONNRESET: 'it closed the connection. It may be stopping, or may not trust the certificate of this gateway.',
  ENOTFOUND: 'its host name is not known. Correct the address of the target, or wait until the name is.',
  EAI_AGAIN: 'its host name cannot be looked up right now.',
  EHOSTUNREACH: 'there is no way to its address.',
  ENETUNREACH: 'there is no way to its address.',
  ETIMEDOUT: 'it does not answer.',
  NOT_A_NODE: 'what answers shows a certificate that is not of a node of this cluster. Correct the address of the target.',
  CERT_HAS_EXPIRED: 'its certificate has expired. Renew it.',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet. Check the clocks.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not under a root that this gateway trusts.',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not under a root that this gateway trusts.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not under a root that this gateway trusts.',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not trust the certificate of this gateway.',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it does not trust the certificate of this gateway.',
};

/** Why a node could not be reached and what to do, in words without addresses. */
export function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return `it does not answer (${error.message}).`;
  return reasons[code] ?? `it cannot be reached (${code}).`;
}
