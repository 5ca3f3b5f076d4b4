/**
 * Keeps the certificates of the node in force: looks at the files again, or asks for the next certificate in time, and
 * tells when something changed. Whatever goes wrong leaves the last good set in use.
 */
import type { TrustedRoots } from '@starling/certificates';
import type { Log } from '@starling/program';
import type { OwnCertificates } from './certificates/certificates.js';

export interface CertificateSource {
  readonly current: () => OwnCertificates;
  /** Never rejects; called one at a time. */
  readonly refresh: () => Promise<RefreshResult>;
}

export type RefreshResult =
  | { readonly type: 'unchanged' }
  | { readonly type: 'changed'; readonly leafRenewed: boolean; readonly trustChanged: boolean }
  | { readonly type: 'faulty'; readonly fault: Error };

export interface UpkeepParts {
  readonly source: CertificateSource;
  readonly log: Log;
  readonly random: () => number;
  readonly onLeafRenewed: (certificates: OwnCertificates) => void;
  readonly onTrustChanged: (roots: TrustedRoots) => void;
}

/** Between two looks, give or take a fifth, milliseconds. */
const intervalMs = 10_000;

/** Begins to look after the certificates; returns how to stop. */
export function startUpkeep({ source, log, random, onLeafRenewed, onTrustChanged }: UpkeepParts): () => void {
  let timer: NodeJS.Timeout;
  let stopped = false;
  let lastFault = '';
  const act = (result: RefreshResult) => {
    // Without its digits: the time by this machine's clock, which some say, goes on.
    const fault = result.type === 'faulty' ? result.fault.message.replaceAll(/\d/g, '') : '';
    if (result.type === 'faulty' && fault !== lastFault) {
      log.warn({ notAfter: new Date(source.current().notAfterMs).toISOString() }, `The certificates stay as they are: ${result.fault.message}`);
    }
    lastFault = fault;
    if (result.type === 'changed') {
      log.info({ leafRenewed: result.leafRenewed, trustChanged: result.trustChanged, notAfter: new Date(source.current().notAfterMs).toISOString() }, 'The certificates changed');
      // Trust first: what is renewed may already be of the new authority.
      if (result.trustChanged) onTrustChanged(source.current().roots);
      if (result.leafRenewed) onLeafRenewed(source.current());
    }
  };
  const look = async () => {
    try {
      const result = await source.refresh();
      if (!stopped) act(result);
    } catch (fault) {
      // A file is no reason to end a node that runs.
      log.error({ err: fault }, 'The certificates could not be put into use everywhere; restart this node');
    }
    if (!stopped) plan();
  };
  const plan = () => {
    timer = setTimeout(() => void look(), intervalMs * (0.8 + 0.4 * random()));
    timer.unref();
  };
  plan();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
