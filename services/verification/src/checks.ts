/** The result of checking a node's word in this browser, as a list that a person can read. */

export type Outcome = 'passed' | 'failed' | 'skipped';

export interface Check {
  /** What was checked, a few words. */
  readonly title: string;
  readonly outcome: Outcome;
  /** What was found. */
  readonly text: string;
}

export interface Verification {
  /** `refused` as soon as one check failed. `unavailable`: this browser cannot check here; nothing is known. */
  readonly verdict: 'verified' | 'refused' | 'unavailable';
  readonly checks: readonly Check[];
  /** The root that the credential leads to, SHA-256, hexadecimal. */
  readonly rootFingerprint: string | null;
  /** The newest bundle that was checked; null when none was that the node has signed. */
  readonly newest: BundleNumber | null;
}

export interface BundleNumber {
  readonly incarnation: number;
  readonly sequence: number;
}

export const passed = (title: string, text: string): Check => ({ title, outcome: 'passed', text });
export const failed = (title: string, text: string): Check => ({ title, outcome: 'failed', text });
export const skipped = (title: string, text: string): Check => ({ title, outcome: 'skipped', text });

export function verificationOf(checks: readonly Check[], rootFingerprint: string | null, newest: BundleNumber | null): Verification {
  const sound = checks.length > 0 && checks.every((check) => check.outcome !== 'failed');
  return { verdict: sound ? 'verified' : 'refused', checks, rootFingerprint, newest };
}
