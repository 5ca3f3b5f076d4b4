export type * from './input.js';
export type * from './output.js';
export type * from './config.js';
export type * from './engine.js';
export { limits } from './limits.js';
export type * from './record/bundle.js';
export type * from './record/credential.js';
export type * from './record/descriptor.js';
export type * from './record/admission.js';
