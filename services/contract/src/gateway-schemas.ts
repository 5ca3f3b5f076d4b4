/** What the gateway says of itself, beside what it passes on. */

/** Gateway only: whom it shows, who else can be shown, and how the designated node is. */
export const gatewayStatus = {
  type: 'object',
  required: ['designated', 'targets', 'upstream'],
  additionalProperties: false,
  properties: {
    designated: { type: 'string', description: 'Name of the target that this page looks from' },
    targets: { type: 'array', items: { type: 'object', required: ['name'], additionalProperties: false, properties: { name: { type: 'string' } } }, maxItems: 128, description: 'The nodes that can be looked from' },
    upstream: {
      type: 'object',
      required: ['state', 'since', 'detail'],
      additionalProperties: false,
      properties: {
        state: { type: 'string', enum: ['connecting', 'up', 'away'] },
        since: { type: 'string', format: 'date-time' },
        detail: { type: ['string', 'null'], description: 'Why it is away and what to do' },
      },
    },
  },
} as const;

/** Gateway to browser, between the messages of the node: how the node is. */
export const upstreamMessage = {
  type: 'object',
  required: ['type', 'upstream'],
  additionalProperties: false,
  properties: { type: { const: 'upstream' }, upstream: gatewayStatus.properties.upstream },
} as const;

/** Gateway to browser: whom it offers from now on. */
export const targetsMessage = {
  type: 'object',
  required: ['type', 'targets'],
  additionalProperties: false,
  properties: { type: { const: 'targets' }, targets: gatewayStatus.properties.targets },
} as const;

/** Gateway only: the roots against which the browser checks credentials, as the gateway was given them. */
export const trustAnswer = {
  type: 'object',
  required: ['roots'],
  additionalProperties: false,
  properties: {
    roots: { type: 'array', items: { type: 'object', required: ['fingerprint', 'pem'], additionalProperties: false, properties: { fingerprint: { type: 'string' }, pem: { type: 'string' } } } },
  },
} as const;
