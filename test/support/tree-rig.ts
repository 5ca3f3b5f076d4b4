/** A core with three peers, and an origin of which the first of them brings the news. */
import type { Message } from '../../services/gossip/src/wire/message.js';
import { CoreRig, introductionOf, toyKey } from './core-rig.js';

export const origin = toyKey(6, 9);
export const prefix = origin.publicKey.subarray(0, 8);

/** A core with three peers that hears of an origin from the first of them. */
export function tree() {
  const rig = new CoreRig();
  const [a, b, c] = [1, 2, 3].map((i) => rig.connect(toyKey(6, i))) as [number, number, number];
  rig.clear();
  rig.push(a, [introductionOf(origin)]);
  return { rig, a, b, c };
}

export const messagesOfType = <T extends Message['type']>(rig: CoreRig, connection: number, type: T) => rig.messagesTo(connection).filter((message): message is Extract<Message, { type: T }> => message.type === type);
