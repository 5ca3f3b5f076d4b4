/** What peers say to each other, for those who speak or read it without a core. */
export { decodeMessage, encodeMessage } from './codec.js';
export type * from './message.js';
