/**
 * Everything that somebody may set on a node: one table, read from the environment and from flags (flags win), checked
 * as a whole, all mistakes at once. What nobody would change stands in limits.ts of the core instead.
 */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { Address } from '@starling/gossip';
import {
  formatHostPort, type HostPort, needed, readBoolean, readClusterName, readDuration, readHostPort, readIps, readLabels, readList, readLogFormat, readLogLevel, readOneOf, readRatio, readSampleInterval, readTable, readText, setting,
  settingsMessage, type SettingValues, variableOf,
} from '@starling/program';
import { StartError } from './errors.js';

const path = readText(/^[^\0]+$/, 'a path');
const dnsName = readText(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'a Kubernetes name');

/** In the order of docs/OPERATING.md. */
export const settingDefinitions = {
  cluster: setting('CLUSTER', 'starling', readClusterName, 'Name of the network; nodes of another one are refused. Stands in every certificate.'),
  name: setting('NAME', null, readText(/^[\x21-\x7e]{1,63}$/, 'a name of 1 to 63 printable characters without spaces'), 'What people call this node; the host name unless set. Need not be unique.'),
  listen: setting('LISTEN', '0.0.0.0:9740', readHostPort, 'Gossip (QUIC, UDP).'),
  advertise: setting('ADVERTISE', null, readHostPort, 'Where others may dial this node; the listen address unless that is unspecified. Without either, this node finds peers only by dialling.'),
  advertiseIps: setting('ADVERTISE_IPS', null, readIps, 'Unless `ADVERTISE` is set: the addresses of this machine, separated by commas, such as those of a pod. The first one of the family of `LISTEN` is where others may dial, at the port of `LISTEN`.'),
  apiListen: setting('API_LISTEN', '127.0.0.1:9741', readHostPort, 'API (HTTPS with mutual TLS).'),
  apiPlaintext: setting('API_PLAINTEXT', 'false', readBoolean, 'API without TLS; only on a loopback address.'),
  metricsListen: setting('METRICS_LISTEN', '127.0.0.1:9742', readHostPort, '/metrics, /livez and /readyz (HTTP).'),
  dataDir: setting('DATA_DIR', './starling-data', path, 'Identity of this node: its key and its incarnation. Keep it over restarts.'),
  certificates: setting('CERTIFICATES', 'files', readOneOf('files', 'request'), 'Where the leaf certificate comes from: `files` that somebody renews, or a CertificateRequest of cert-manager that this node makes itself.'),
  certificateDir: setting('CERTIFICATE_DIR', null, path, 'With `files`: directory of tls.crt and tls.key, read again while running.'),
  trustDir: needed('TRUST_DIR', path, 'Directory of trusted roots (every *.crt and *.pem), read again while running.'),
  seeds: setting('SEEDS', '', readList, 'Where to find others, separated by commas: `host:port`, `[v6]:port`, a DNS name and port, or `srv:_gossip._udp.<name>`. Asked again for ever.'),
  endpointSlices: setting('ENDPOINT_SLICES', null, readText(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?\/[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'of the form namespace/service'), 'In a pod: also find others by the EndpointSlices of this headless service, `namespace/service`, through the Kubernetes API. Needs a role. The service records go on beside it.'),
  absencePods: setting('ABSENCE_PODS', null, readText(/^[A-Za-z0-9./_-]+=[A-Za-z0-9._-]*(?:,[A-Za-z0-9./_-]+=[A-Za-z0-9._-]*)*$/, 'a label selector, such as app=starling,tier=node'), 'With `ENDPOINT_SLICES`: follow the pods of the nodes too, by label, and tell why one is away. They are known by the label `k8s.pod.uid` of the node.'),
  absenceStatefulSet: setting('ABSENCE_STATEFUL_SET', null, dnsName, 'With `ABSENCE_PODS`: their StatefulSet, by which scaled down and updated are told from deleted.'),
  connectionRatio: setting('CONNECTION_RATIO', null, readRatio, 'Share of the other nodes to be connected with. Unset: log2 N + 1, right for more than about 30 nodes.'),
  sampleInterval: setting('SAMPLE_INTERVAL', '1s', readSampleInterval, 'How often this machine is measured; detection of failures follows it. The same on every node.'),
  labels: setting('LABELS', '', readLabels, 'What else to tell about this node, `zone=a,rack=7`. Everybody in the network sees it.'),
  requestPod: setting('REQUEST_POD', null, dnsName, 'With `request`: name of this pod.'),
  requestPodUid: setting('REQUEST_POD_UID', null, readText(/^[0-9a-f-]{36}$/, 'a uid'), 'With `request`: uid of this pod.'),
  requestNamespace: setting('REQUEST_NAMESPACE', null, dnsName, 'With `request`: namespace of this pod.'),
  requestIssuer: setting('REQUEST_ISSUER', null, readText(/^[a-z0-9.-]+\/[A-Za-z]+\/[a-z0-9.-]+$/, 'of the form group/Kind/name'), 'With `request`: the issuer, such as cert-manager.io/Issuer/starling-ca.'),
  requestDuration: setting('REQUEST_DURATION', '24h', readDuration(60_000, 365 * 86_400_000), 'With `request`: how long a certificate lives; renewed after two thirds.'),
  logLevel: setting('LOG_LEVEL', 'info', readLogLevel, 'How much to log.'),
  logFormat: setting('LOG_FORMAT', 'json', readLogFormat, '`pretty` for people at a terminal.'),
} as const;

type Values = SettingValues<typeof settingDefinitions>;

export type CertificateSettings =
  | { readonly source: 'files'; readonly directory: string }
  | { readonly source: 'request'; readonly pod: string; readonly podUid: string; readonly namespace: string; readonly issuer: { readonly group: string; readonly kind: string; readonly name: string }; readonly durationMs: number };

export interface KubernetesSettings {
  readonly namespace: string;
  readonly service: string;
  readonly absences: { readonly podSelector: string; readonly statefulSet: string | null } | null;
}

export interface Settings {
  readonly cluster: string;
  readonly name: string;
  readonly listen: HostPort;
  readonly advertise: Address | null;
  readonly api: { readonly listen: HostPort; readonly plaintext: boolean };
  readonly metricsListen: HostPort;
  readonly dataDir: string;
  readonly certificates: CertificateSettings;
  readonly trustDir: string;
  readonly seeds: readonly string[];
  /** Null: the Kubernetes API is not asked. */
  readonly kubernetes: KubernetesSettings | null;
  readonly connections: { readonly type: 'ratio'; readonly ratio: number } | { readonly type: 'logarithmic' };
  readonly sampleIntervalMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly log: { readonly level: NonNullable<Values['logLevel']>; readonly format: 'json' | 'pretty' };
}

/** Variables with our prefix that belong to another program of ours (the gateway), or to the tests. */
const foreign = /^STARLING_(?:GATEWAY|TEST)_/;

/** @throws StartError that lists every mistake. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>, args: readonly string[]): Settings {
  const { values, faults } = readTable(settingDefinitions, environment, args, foreign);
  const settings = combine(values, faults);
  if (settings === null || faults.length > 0) throw new StartError(settingsMessage(faults));
  return settings;
}

/** Puts together what belongs together, and finds what contradicts itself. Null when something needed is missing. */
function combine(values: Values, faults: string[]): Settings | null {
  const unset = (name: string, why: string) => void faults.push(`${variableOf(name)} must be set${why}`);
  if (values.apiPlaintext === true && values.apiListen !== null && !isLoopback(values.apiListen.host)) {
    faults.push(`STARLING_API_PLAINTEXT=true needs a loopback address, not ${values.apiListen.host}: without TLS anybody could read the API`);
  }
  const certificates = readCertificates(values, unset);
  const { cluster, listen, apiListen, metricsListen, dataDir, sampleInterval, logLevel, logFormat, trustDir } = values;
  if (cluster === null || listen === null || apiListen === null || metricsListen === null || dataDir === null || sampleInterval === null || logLevel === null || logFormat === null || trustDir === null || certificates === null) return null;
  const advertise = values.advertise ?? advertisedOf(listen, values.advertiseIps, faults);
  return Object.freeze({
    cluster,
    name: values.name ?? hostname().slice(0, 63),
    listen,
    advertise: advertise === null ? null : formatHostPort(advertise),
    api: { listen: apiListen, plaintext: values.apiPlaintext === true },
    metricsListen,
    dataDir,
    certificates,
    trustDir,
    seeds: values.seeds ?? [],
    kubernetes: readKubernetes(values, faults),
    connections: values.connectionRatio === null ? { type: 'logarithmic' } as const : { type: 'ratio', ratio: values.connectionRatio } as const,
    sampleIntervalMs: sampleInterval,
    labels: values.labels ?? {},
    log: { level: logLevel, format: logFormat },
  });
}

/** An address that the gossip socket can answer from: one of its own family. Null when nothing says which. */
function advertisedOf(listen: HostPort, ips: readonly string[] | null, faults: string[]): HostPort | null {
  if (ips === null || listen.port === 0) {
    const specific = listen.host !== '0.0.0.0' && listen.host !== '::';
    return specific && listen.port !== 0 ? listen : null;
  }
  const host = ips.find((ip) => isIP(ip) === isIP(listen.host));
  if (host !== undefined) return { host, port: listen.port };
  faults.push(`${variableOf('ADVERTISE_IPS')}: none of ${ips.join(', ')} is of the family of ${variableOf('LISTEN')}, ${formatHostPort(listen)}`);
  return null;
}

function readKubernetes({ endpointSlices, absencePods, absenceStatefulSet }: Values, faults: string[]): KubernetesSettings | null {
  if (absencePods !== null && endpointSlices === null) faults.push(`${variableOf('ABSENCE_PODS')} needs ${variableOf('ENDPOINT_SLICES')}`);
  if (absenceStatefulSet !== null && absencePods === null) faults.push(`${variableOf('ABSENCE_STATEFUL_SET')} needs ${variableOf('ABSENCE_PODS')}`);
  if (endpointSlices === null) return null;
  const [namespace = '', service = ''] = endpointSlices.split('/');
  return { namespace, service, absences: absencePods === null ? null : { podSelector: absencePods, statefulSet: absenceStatefulSet } };
}

function readCertificates(values: Values, unset: (name: string, why: string) => void): CertificateSettings | null {
  if (values.certificates === 'files') {
    if (values.certificateDir === null) unset('CERTIFICATE_DIR', ': the directory of tls.crt and tls.key (STARLING_CERTIFICATES=files)');
    return values.certificateDir === null ? null : { source: 'files', directory: values.certificateDir };
  }
  if (values.certificates === null) return null;
  const { requestPod: pod, requestPodUid: podUid, requestNamespace: namespace, requestIssuer: issuer, requestDuration: durationMs } = values;
  const why = ' (STARLING_CERTIFICATES=request)';
  if (pod === null) unset('REQUEST_POD', why);
  if (podUid === null) unset('REQUEST_POD_UID', why);
  if (namespace === null) unset('REQUEST_NAMESPACE', why);
  if (issuer === null) unset('REQUEST_ISSUER', why);
  if (pod === null || podUid === null || namespace === null || issuer === null || durationMs === null) return null;
  const [group = '', kind = '', name = ''] = issuer.split('/');
  return { source: 'request', pod, podUid, namespace, issuer: { group, kind, name }, durationMs };
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}
