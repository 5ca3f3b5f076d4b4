export type * from './input.js';
export type * from './output.js';
export type * from './config.js';
export { createEngine, type Engine, type Wakeup } from './engine.js';
export type { EngineStatistics } from './statistics.js';
export { Budget } from './budget.js';
export { limits, reportedLimits } from './limits.js';
export { type Memory, OwnMemory } from './memory.js';
export { choose, seededRandom } from './random.js';
export { type Bundle, type BundleDecoding, type BundleDraft, type BundleRecord, decodeBundle, encodeBundle, messageOfBundle, messageOfUnsigned, peekBundle, type ReadBundle, sealBundle, signatureOfBundle, wordOfSignature } from './record/bundle.js';
export {
  type Credential,
  type CredentialFacts,
  type CredentialRefusal,
  decodeCredential,
  encodeCredential,
  messageOfCredential,
  messageOfUnsignedCredential,
} from './record/credential.js';
export { type Certificate, decodeCertificate } from './record/certificate.js';
export { chainFault, faultUnder } from './record/certificate-path.js';
export { type Descriptor, decodeDescriptor, descriptorFault, encodeDescriptor, type MetricDefinition, type MetricType } from './record/descriptor.js';
export { decodeSample, encodeSample, fromMultiple, type Sample } from './record/sample.js';
export { decodeTrust, encodeTrust } from './record/trust.js';
export { formatLeafUri, isClusterName, type LeafUri, parseLeafUri } from './record/leaf-uri.js';
export { isSignatureWellFormed } from './record/signature.js';
export { signedMessage } from './record/signed-message.js';
export { kinds } from './record/kinds.js';
export { compareBytes, equalBytes, fromHex, isNodeId, toHex } from './record/node-id.js';
export { type RefusalReason, refusalReasons } from './record/refusal-reason.js';
