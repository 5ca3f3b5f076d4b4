import type { Plan } from '../simulator/src/plan.js';
import { plans } from '../simulator/src/plans/index.js';

export function planOf(name: string): Plan {
  const plan = plans.find((one) => one.name === name);
  if (plan === undefined) throw new Error(`there is no plan ${name}`);
  return plan;
}
