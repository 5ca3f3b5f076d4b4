/** What stands between a browser and the network: whose name was used, which page asks, and what an answer may do. */
import { Refusal, hostName, isLoopbackName } from '@starling/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Everything from this origin, nothing inline, no frames. `connect-src` covers the WebSocket of the same origin.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/** A name that nobody allowed may be one that an attacker points here (DNS rebinding); another origin is another site. */
export function browserFault(request: FastifyRequest, allowedHosts: ReadonlySet<string>): Refusal | null {
  const { host, origin } = request.headers;
  const name = hostName(host);
  if (name === null || !(isLoopbackName(name) || isAllowed(name, allowedHosts))) return new Refusal('foreign-host', 'This name is not allowed. Use an allowed one, or add it to STARLING_GATEWAY_ALLOWED_HOSTS.');
  // The scheme may differ: whoever stands in front may have ended TLS.
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host?.toLowerCase())) return new Refusal('foreign-origin', 'Only the page that this gateway serves may ask.');
  return null;
}

/** By itself, or by `*.` and what follows one of its dots. */
function isAllowed(name: string, allowedHosts: ReadonlySet<string>): boolean {
  if (allowedHosts.has(name)) return true;
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) if (allowedHosts.has(`*${name.slice(dot)}`)) return true;
  return false;
}

/** The API is for reading; everything here is. */
export function methodFault(request: FastifyRequest, reply: FastifyReply): Refusal | null {
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  void reply.header('allow', 'GET, HEAD');
  return new Refusal('method-not-allowed', 'There is only something to read here: use GET.');
}
