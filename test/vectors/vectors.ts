/** The files of this folder, by name. */
import { credentialVectors } from './credential-vectors.js';
import type { Plain } from './keys.js';
import { messageVectors, refusedMessageVectors } from './message-vectors.js';
import { recordVectors } from './record-vectors.js';
import { signatureVectors } from './signature-vectors.js';

export const builders: Readonly<Record<string, () => Plain | Promise<Plain>>> = {
  'messages.json': messageVectors,
  'refused-messages.json': refusedMessageVectors,
  'records.json': recordVectors,
  'credentials.json': credentialVectors,
  'signatures.json': signatureVectors,
};

export async function contentOf(name: string): Promise<string> {
  const built = await builders[name]?.();
  return `${JSON.stringify(built, null, 1)}\n`;
}
