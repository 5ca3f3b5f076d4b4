/** Whether others should send their questions to this node, as `/readyz` has it. */
export interface ReadinessFacts {
  /** When its certificate, or one above it, expires, milliseconds since 1970; null while it has none. */
  readonly notAfterMs: number | null;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  readonly isApiOpen: boolean;
  /** Records of its own that were admitted. */
  readonly sequence: number;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not; empty when it is. */
  readonly reason: string;
}

/** Ready once its own first record is admitted: others can be answered, even if there are none yet. */
export function readinessOf({ notAfterMs, wallMs, isApiOpen, sequence }: ReadinessFacts): Readiness {
  const reason = (() => {
    if (notAfterMs === null) return 'the certificate of this node is not there yet';
    // Nobody takes its connections any more, and nobody who asks its API takes its answer.
    if (wallMs > notAfterMs) return `the certificate of this node has expired, at ${new Date(notAfterMs).toISOString()}`;
    if (!isApiOpen) return 'the API does not listen yet';
    return sequence > 0 ? '' : 'its own first record is not admitted yet';
  })();
  return { ready: reason === '', reason };
}
