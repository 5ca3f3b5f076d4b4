/** What it means that a node refuses records, and what to do: docs/PROTOCOL.md section 5, docs/OPERATING.md "What to do". */
import type { RefusalReason } from '@starling/gossip';

export interface Refusal {
  /** Grave: no honest node in a sound network brings it about, so it stays worth a look. */
  readonly weight: 'grave' | 'passing';
  /** What was the matter with the records, and what to do about it. */
  readonly text: string;
}

const grave = (text: string): Refusal => ({ weight: 'grave', text });
const passing = (text: string): Refusal => ({ weight: 'passing', text });

const broken = 'Some peer is a broken build or was broken into: the log of this node names it, stop it';
const named = 'the events name the node';

/** Null: belongs to the ordinary course of gossip, and is no news to anybody. */
const refusals: Readonly<Record<RefusalReason, Refusal | null>> = {
  oversized: grave(`they were larger than a record may be. ${broken}`),
  malformed: grave(`they had not the form of a record. ${broken}`),
  'wrong-cluster': grave(`they were made for another network. ${broken}`),
  'signature-invalid': grave(`the node that they name has not signed them. ${broken}`),
  equivocation: grave('their node had signed two contents under one sequence. Its key is used twice: stop all but one, and if nobody copied it, treat it as stolen'),
  'leaf-reused': grave('their certificate has vouched for another node. Give each node one of its own, and if nobody copied it, treat its key as stolen'),
  'own-identity': grave('they carry this node’s own signature, and it did not make them. Right after a restore from a backup, nothing is wrong; else stop the copy of its data directory'),
  'credential-malformed': grave(`their credential cannot be read. Look at the certificate of that node: ${named}`),
  'credential-wrong-cluster': grave(`their certificate is of another network. Give that node one of this network, or other seeds: ${named}`),
  'credential-untrusted-chain': grave(`their certificate leads to no root that is trusted here. Unless roots are being exchanged, compare those of both nodes: ${named}`),
  'credential-not-yet-valid': grave(`their certificate begins later than now. Compare the clocks of both nodes and of the authority: ${named}`),
  'credential-wrong-usage': grave(`their certificate is not for servers and clients. Issue that node one that is: ${named}`),
  'credential-wrong-uri': grave(`their certificate has not exactly one URI of a form that nodes may have. Issue that node one that has: ${named}`),
  'credential-wrong-node': grave(`their certificate names another node. Give that node one of its own: ${named}`),
  'credential-bad-signature': grave(`the key of their certificate has not signed for that node. Somebody shows a certificate that is not theirs: ${named}`),

  'credential-missing': passing('their credential had not come yet, and was asked for. Usual while nodes join'),
  'credential-expired': passing(`their certificate had ended. If this goes on, that node cannot renew it: ${named}`),
  'unsupported-version': passing('they are of another version of the protocol. Usual during an upgrade; else bring all nodes to one version'),
  'from-the-future': passing(`they are of more than a minute from now. Compare the clocks: ${named}`),
  'too-old': passing('they were older than 15 minutes. If this goes on, compare the clocks'),
  'too-many-origins': passing('there is no room for another node: the network is larger than one may be'),
  'too-many-kinds': passing(`their node says more kinds of things than one may: ${named}`),
  'too-many-bytes': passing(`their node says more than one may: ${named}`),
  'too-frequent': passing(`their node speaks more often than one may: ${named}`),
  'too-many-refused': passing('the peer that brought them had brought too many that were refused'),
  overloaded: passing('more came at once than could be checked. If this goes on, this node lacks processor time, or a peer is too loud'),
  superseded: null,
  departed: null,
};

const byReason: ReadonlyMap<string, Refusal | null> = new Map(Object.entries(refusals));

/** Null for what needs no attention. A reason that this page does not know is of a newer node. */
export function refusalOf(reason: string): Refusal | null {
  const refusal = byReason.get(reason);
  return refusal === undefined ? passing('for a reason unknown to this page, which is older than its network') : refusal;
}

/** When the page last saw the count of a reason grow, page clock, milliseconds. */
export type RefusalGrowth = ReadonlyMap<string, number>;

/** Counts are of all that a node refused since its start. Remembers no reason that `after` does not have, however many a node invents. */
export function withGrowth(growth: RefusalGrowth, before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>, readAtMs: number): RefusalGrowth {
  const grown = new Map<string, number>();
  for (const [reason, count] of Object.entries(after)) {
    const atMs = count > (before[reason] ?? 0) ? readAtMs : growth.get(reason);
    if (atMs !== undefined) grown.set(reason, atMs);
  }
  return grown;
}
