export type { BundleNumber, Check, Outcome, Verification } from './checks.js';
export { checkRecord, type RecordQuestion } from './record-check.js';
export { isNodeSignature } from './node-signature.js';
