export * as schemas from './schemas.js';
export { paths } from './paths.js';
export * from './names.js';
export * from './problems.js';
export type * from './types.js';
