/** What is signed: a domain, a zero byte, and the bytes themselves; so that no signature means something elsewhere. */

export type Domain = 'starling/bundle/1' | 'starling/credential/1' | 'starling/proof/1';

export function signedMessage(domain: Domain, body: Uint8Array): Uint8Array {
  const message = new Uint8Array(domain.length + 1 + body.length);
  for (let i = 0; i < domain.length; i++) message[i] = domain.charCodeAt(i);
  message.set(body, domain.length + 1);
  return message;
}
