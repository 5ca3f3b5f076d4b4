/** What certificates/ offers to compose.ts. */
export { clusterTagOf, makeCredential, verifyCredential } from './credential.js';
export { type FilesSource, type FilesSourceOptions, openFilesSource, type RefreshOutcome } from './files-source.js';
export { type OwnCertificates, type Trial } from './own-certificates.js';
