export * as schemas from './schemas.js';
export { paths } from './paths.js';
export * from './names.js';
export * from './problems.js';
export { shapeOf } from './shape.js';
export type * from './types.js';
