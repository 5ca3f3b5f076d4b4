export * as schemas from './schemas.js';
export { paths } from './paths.js';
export type * from './types.js';
