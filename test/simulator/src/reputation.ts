/** Nobody who plays by the rules is accused, by anybody who does: what an operator would be woken for has to be true. */
import type { Event, NodeId } from '@starling/gossip';
import type { Checks } from './checks.js';
import type { SimulatedNode } from './simulated-node.js';
import type { Watcher } from './watcher.js';
import type { World } from './world.js';

export class Reputation implements Watcher {
  readonly #world: World;
  readonly #checks: Checks;
  /** Identities that ran twice at once, or whose disk was restored: of them two contents under one number are no lie. */
  readonly #doubled = new Set<NodeId>();
  /** The last incarnation that each identity used. */
  readonly #incarnations = new Map<NodeId, number>();

  constructor(world: World, checks: Checks) {
    this.#world = world;
    this.#checks = checks;
  }

  onLife(node: SimulatedNode, change: 'started' | 'crashed' | 'leaving' | 'departed'): void {
    const { id } = node.key;
    const used = this.#incarnations.get(id) ?? 0;
    if (change === 'started' && (node.disk.incarnation <= used || this.#processesOf(id).length > 1)) this.#doubled.add(id);
    this.#incarnations.set(id, Math.max(used, node.disk.incarnation));
  }

  onEvent(node: SimulatedNode, event: Event): void {
    if (node.malice !== null) return;
    switch (event.type) {
      case 'own-identity-conflict':
        if (!this.#doubled.has(node.key.id)) this.#checks.fail(`node ${node.index} takes its own words for those of another process`);
        return;
      case 'equivocation-proven':
        if (this.#isHonest(event.origin)) this.#checks.fail(`node ${node.index} accuses ${event.origin.slice(0, 8)} of equivocation`);
        return;
      case 'leaf-reused':
        if (this.#isHonest(event.first) && this.#isHonest(event.second)) this.#checks.fail(`node ${node.index} accuses ${event.first.slice(0, 8)} and ${event.second.slice(0, 8)} of one certificate`);
        return;
      case 'peer-refused': {
        const link = node.links.get(event.connection);
        const other = link?.ends[0] === node ? link.ends[1] : link?.ends[0];
        if (other !== undefined && other.malice === null && !this.#doubled.has(other.key.id)) this.#checks.fail(`node ${node.index} refuses node ${other.index}: ${event.reason}`);
        return;
      }
      default:
    }
  }

  /** One of the nodes, that never misbehaves and was never two. */
  #isHonest(id: NodeId): boolean {
    const node = this.#world.nodes.find((one) => one.key.id === id);
    return node !== undefined && node.malice === null && !this.#doubled.has(id);
  }

  #processesOf(id: NodeId): SimulatedNode[] {
    return this.#world.nodes.filter((node) => node.isRunning && node.key.id === id);
  }
}
