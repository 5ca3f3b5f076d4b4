/** Where things are; the gateway offers the same paths on its own origin. */
export const paths = {
  self: '/v1/self',
  nodes: '/v1/nodes',
  node: (id: string) => `/v1/nodes/${id}`,
  record: (id: string) => `/v1/nodes/${id}/record`,
  peers: '/v1/peers',
  /** WebSocket. `?resume=<session>:<sequence>` goes on where a dropped connection ended. */
  stream: '/v1/stream',
  openapi: '/v1/openapi.json',
  /** Gateway only. On every other path of the gateway `?from=<target name>` looks from another node. */
  gateway: '/v1/gateway',
  /** Gateway only. */
  trust: '/v1/trust',
} as const;
