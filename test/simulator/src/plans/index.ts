/** All plans by name, in the order of `--plan list`. */
import type { Plan } from '../plan.js';
import { churnObserver } from './churn-observer.js';
import { halfCrashes } from './half-crashes.js';
import { lossy } from './lossy.js';
import { malicious } from './malicious.js';
import { newcomer } from './newcomer.js';
import { partitionHeals } from './partition-heals.js';
import { pauses } from './pauses.js';
import { steady } from './steady.js';
import { swarm } from './swarm.js';
import { tenThousand } from './ten-thousand.js';

export const plans: readonly Plan[] = [steady, halfCrashes, lossy, pauses, partitionHeals, newcomer, churnObserver, malicious, swarm, tenThousand];
