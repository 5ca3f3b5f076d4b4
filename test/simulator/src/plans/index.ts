/** All plans by name, in the order of `--plan list`. */
import type { Plan } from '../plan.js';
import { steady } from './steady.js';

export const plans: readonly Plan[] = [steady];
