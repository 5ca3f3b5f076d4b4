import { expect, it } from 'vitest';
import { gatewayLimits } from '../../../gateway/src/gateway-limits.js';
import { maxMembers } from './local-cluster.js';
import { maxNodes } from './run-cluster.js';

it('has no more nodes than its gateway offers, however they came', () => {
  expect(maxNodes).toBeLessThanOrEqual(maxMembers);
  expect(maxMembers).toBeLessThanOrEqual(gatewayLimits.maxTargets);
});
