/** Why a node is away, where its platform knows; docs/OPERATING.md says what each reason goes by. */
export const absence = {
  type: 'object',
  required: ['reason', 'since'],
  additionalProperties: false,
  description: 'Why it is away, by what the platform of the answering node says; in Kubernetes, with discovery.endpointSlices. Local knowledge: nobody signed it, and other nodes may say nothing',
  properties: {
    reason: { type: 'string', enum: ['scaled-down', 'updated', 'evicted', 'preempted', 'machine-lost', 'machine-shutdown', 'container-ended', 'deleted'] },
    since: { type: 'string', format: 'date-time', description: 'When the answering node learned it' },
  },
} as const;
