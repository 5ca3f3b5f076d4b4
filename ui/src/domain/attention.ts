/** What deserves a person's attention, the worst first. */
import { formatCount, formatSpan } from './format.js';
import type { Liveness } from './liveness.js';
import { ageSeconds, stateSeconds, type KnownNode, type NetworkView } from './network-view.js';
import { absenceWords, meaningOfEquivocation } from './node-state.js';
import { refusalOf } from './refusals.js';

export type Severity = 'critical' | 'warning' | 'notice';

export interface AttentionItem {
  /** Stable between evaluations. */
  readonly key: string;
  readonly severity: Severity;
  /** Null for what is about the network or the designated node. */
  readonly nodeId: string | null;
  readonly title: string;
  /** What is the matter with it, read after the title. */
  readonly text: string;
}

export interface Attention {
  readonly items: readonly AttentionItem[];
  /** How many more there are than are listed. */
  readonly more: number;
}

/** Items listed at most. */
export const maxItems = 40;
/** An alive node counts as quiet once its news is older than this many sample intervals. */
export const quietIntervals = 5;
/** Authorities renew at two thirds of a certificate's life: with so little left the renewal is overdue. */
const overdueShare = 0.25;
/** What an honest node may cause is listed for so long after it was seen to happen, milliseconds. */
export const passingMs = 10 * 60_000;
const rank: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, notice: 2 };

/**
 * Judged as of the newest news in the view: a page that hears nothing must not take the others for silent.
 * @param liveness null while looking back, when nothing newer is expected
 */
export function attentionOf(view: NetworkView, liveness: Liveness | null): Attention {
  const nowMs = view.readAtMs;
  const items: (AttentionItem & { readonly weight: number })[] = [];
  for (const known of view.nodes.values()) {
    const age = ageSeconds(known, nowMs);
    for (const item of ofNode(known, view, nowMs)) items.push({ ...item, weight: age });
    if (known.particulars?.equivocated === true) items.push({ ...ofEquivocation(known.node), weight: Infinity });
  }
  for (const item of ofNetwork(view)) items.push({ ...item, weight: 0 });
  items.sort((a, b) => rank[a.severity] - rank[b.severity] || b.weight - a.weight || (a.key < b.key ? -1 : 1));
  const all = [...ofPage(view, liveness), ...items];
  return { items: all.slice(0, maxItems), more: Math.max(0, all.length - maxItems) };
}

function ofPage({ asOf }: NetworkView, liveness: Liveness | null): AttentionItem[] {
  if (liveness === null || liveness.detail === null) return [];
  const item = { key: 'silence', severity: 'critical', nodeId: null } as const;
  const rest = 'nothing newer is known';
  if (liveness.state === 'reconnecting') return [{ ...item, title: 'This page', text: `is reconnecting: ${rest}` }];
  if (liveness.state === 'stale') return [{ ...item, severity: 'warning', title: asOf.name, text: `sends nothing: ${rest}` }];
  return [{ ...item, title: asOf.name, text: `is out of reach: ${rest}` }];
}

/** Proven, and of the present however old: it goes before what merely failed. */
function ofEquivocation({ id, name }: KnownNode['node']): AttentionItem {
  return { key: `equivocation:${id}`, severity: 'critical', nodeId: id, title: name, text: meaningOfEquivocation };
}

function ofNode(known: KnownNode, view: NetworkView, nowMs: number): AttentionItem[] {
  const { id, name, state } = known.node;
  const items: AttentionItem[] = [];
  const add = (severity: Severity, kind: string, text: string) => items.push({ key: `${kind}:${id}`, severity, nodeId: id, title: name, text });
  const age = ageSeconds(known, nowMs);
  const absence = absenceWords(known.node);
  const why = absence === null ? '' : `: ${absence}`;
  if (state === 'failed') add('critical', 'failed', `failed ${formatSpan(stateSeconds(known, nowMs))} ago${why}`);
  if (state === 'suspect') add('warning', 'suspect', `suspected for ${formatSpan(stateSeconds(known, nowMs))}${why}`);
  if (state === 'alive' && age > quietIntervals * view.sampleIntervalSeconds) add('warning', 'quiet', `quiet for ${formatSpan(age)}, still counted alive`);
  if (state === 'alive' || state === 'suspect') items.push(...ofCertificate(known, nowMs));
  return items;
}

function ofCertificate(known: KnownNode, nowMs: number): AttentionItem[] {
  const certificate = known.particulars?.certificate ?? null;
  if (certificate === null) return [];
  const { id, name } = known.node;
  const endMs = Date.parse(certificate.notAfter);
  const leftSeconds = (endMs - nowMs) / 1_000;
  if (leftSeconds <= 0) return [{ key: `expired:${id}`, severity: 'critical', nodeId: id, title: name, text: `certificate expired ${formatSpan(-leftSeconds)} ago` }];
  if (endMs - nowMs > overdueShare * (endMs - Date.parse(certificate.notBefore))) return [];
  return [{ key: `expiring:${id}`, severity: 'warning', nodeId: id, title: name, text: `certificate ends in ${formatSpan(leftSeconds)}` }];
}

function ofNetwork(view: NetworkView): AttentionItem[] {
  const items: AttentionItem[] = [];
  const { views, agreeing, total } = view.agreement;
  if (views > 1) items.push({ key: 'views', severity: 'notice', nodeId: null, title: `${views} different views`, text: `${agreeing} of ${total} agree, while nodes come and go` });
  for (const [reason, count] of Object.entries(view.refused)) items.push(...ofRefusal(view, reason, count));
  return items;
}

function ofRefusal({ asOf, readAtMs, refusalGrowth }: NetworkView, reason: string, count: number): AttentionItem[] {
  const refusal = refusalOf(reason);
  if (refusal === null || count === 0) return [];
  const grownMs = refusalGrowth.get(reason);
  if (refusal.weight === 'passing' && (grownMs === undefined || readAtMs - grownMs > passingMs)) return [];
  const last = grownMs === undefined ? '' : `, the last ${formatSpan((readAtMs - grownMs) / 1_000)} ago`;
  const title = `${formatCount(count)} ${count === 1 ? 'record' : 'records'} refused`;
  return [{ key: `refused:${reason}`, severity: refusal.weight === 'grave' ? 'warning' : 'notice', nodeId: null, title, text: `by ${asOf.name} since it began${last}: ${refusal.text}` }];
}
