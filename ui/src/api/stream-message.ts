/** From the text of the stream to a message of the contract, or the verdict that it is none: what comes may be anything. */
import { schemas, shapeOf, type StreamMessage } from '@starling/contract';
import { maxNodes } from '../domain/network-view.js';

/** `unknown` is of a later version, and passed over; `malformed` cannot be, and what it would have changed is missed. */
export type Reading = { readonly verdict: 'message'; readonly message: StreamMessage } | { readonly verdict: 'unknown' } | { readonly verdict: 'malformed' };

const shapes = {
  snapshot: shapeOf(schemas.snapshotMessage),
  changes: shapeOf(schemas.changesMessage),
  upstream: shapeOf(schemas.upstreamMessage),
  targets: shapeOf(schemas.targetsMessage),
} as const;

const isEvent = shapeOf(schemas.timelineEvent);
const malformed: Reading = { verdict: 'malformed' };

export function readMessage(text: unknown): Reading {
  const value = valueOf(text);
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return malformed;
  if (!Object.hasOwn(shapes, value.type)) return { verdict: 'unknown' };
  // A later version may tell of more: what happened is left out where it is not understood, and the rest is of use.
  const known = 'events' in value && Array.isArray(value.events) ? { ...value, events: value.events.filter(isEvent) } : value;
  if (!shapes[value.type as keyof typeof shapes](known)) return malformed;
  const message = known as StreamMessage;
  return message.type === 'snapshot' && message.nodes.length > maxNodes ? malformed : { verdict: 'message', message };
}

/** Undefined for what is no JSON. */
function valueOf(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
