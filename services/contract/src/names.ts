/** Names at the edge of HTTP: what a certificate is called, and what this machine is called by its own browsers. */

/**
 * The one URI of a certificate, given its subject alternative names as Node.js writes them
 * (`X509Certificate.subjectAltName`, such as `URI:spiffe://starling/node/..., DNS:a.example`). Null when there is none
 * or more than one, and for names that Node.js had to quote, which could imitate others.
 */
export function soleUri(subjectAltName: string | undefined): string | null {
  if (subjectAltName === undefined || subjectAltName.includes('"')) return null;
  const uris = subjectAltName.split(', ').filter((name) => name.startsWith('URI:'));
  return uris.length === 1 ? (uris[0] as string).slice('URI:'.length) : null;
}

/** The host of a `Host` header or of a URL's authority, lower case, without port and brackets; null when it is neither. */
export function hostName(authority: string | undefined): string | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?$/.exec(authority ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null;
}

/** Whether a name that `hostName` gave can only mean this machine. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}
