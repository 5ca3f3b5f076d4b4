/**
 * Two network namespaces with a router between them, which can be told to forward nothing: packets vanish, as in a real
 * partition, and no sender hears of it. Needs root and iproute2; leaves nothing behind.
 */
import { spawnSync } from 'node:child_process';

/** Test addresses of no network that is likely here (RFC 2544). */
const prefix = '198.19';

export interface Side {
  readonly name: 'left' | 'right';
  /** Starts a process there. */
  readonly command: readonly string[];
  /** Of the node with this number (from 1). */
  readonly address: (number: number) => string;
  /** Where the test reaches what listens there. */
  readonly apiHost: string;
}

function run(command: string): string {
  const [program = '', ...args] = command.split(' ');
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? '' : `${command}: ${error?.message ?? stderr.trim()}`;
}

function must(command: string): void {
  const fault = run(command);
  if (fault !== '') throw new Error(fault);
}

/** Why there can be no namespaces here, for the name of a test; empty when there can. */
export function withoutNamespaces(): string {
  const name = `starling-try-${process.pid}`;
  const fault = run(`ip netns add ${name}`);
  if (fault === '') run(`ip netns delete ${name}`);
  return fault === '' ? '' : ' (skipped: needs root and iproute2)';
}

export class TwoSides {
  readonly sides: readonly [Side, Side];
  readonly #router = `starling-router-${process.pid}`;

  constructor() {
    this.sides = [this.#side('left', 1), this.#side('right', 2)];
    try {
      must(`ip netns add ${this.#router}`);
      for (const [i, side] of this.sides.entries()) this.#build(side, i + 1);
      this.heal();
    } catch (fault) {
      this.close();
      throw fault;
    }
  }

  #side(name: Side['name'], number: number): Side {
    const apiHost = `${prefix}.${240 + number}.2`;
    return { name, command: ['ip', 'netns', 'exec', `starling-${name}-${process.pid}`], address: (node) => `${prefix}.${number}.${node}`, apiHost };
  }

  /** Addresses stand on the loopback device; the way to the others leads through the router, that of the test does not. */
  #build(side: Side, number: number): void {
    const space = `starling-${side.name}-${process.pid}`;
    must(`ip netns add ${space}`);
    must(`ip -n ${space} link set lo up`);
    must(`ip link add route netns ${space} type veth peer name ${side.name} netns ${this.#router}`);
    must(`ip -n ${space} address add ${prefix}.${200 + number}.2/30 dev route`);
    must(`ip -n ${this.#router} address add ${prefix}.${200 + number}.1/30 dev ${side.name}`);
    must(`ip -n ${space} link set route up`);
    must(`ip -n ${this.#router} link set ${side.name} up`);
    for (let node = 1; node <= 20; node++) must(`ip -n ${space} address add ${side.address(node)}/32 dev lo`);
    must(`ip -n ${space} route add ${prefix}.0.0/17 via ${prefix}.${200 + number}.1`);
    must(`ip -n ${this.#router} route add ${prefix}.${number}.0/24 via ${prefix}.${200 + number}.2`);
    const outside = `st${side.name[0] ?? ''}${process.pid}`;
    must(`ip link add ${outside} type veth peer name test netns ${space}`);
    must(`ip address add ${prefix}.${240 + number}.1/30 dev ${outside}`);
    must(`ip -n ${space} address add ${side.apiHost}/30 dev test`);
    must(`ip link set ${outside} up`);
    must(`ip -n ${space} link set test up`);
  }

  split(): void {
    must(`ip netns exec ${this.#router} sysctl -qw net.ipv4.ip_forward=0`);
  }

  heal(): void {
    must(`ip netns exec ${this.#router} sysctl -qw net.ipv4.ip_forward=1`);
  }

  /** Devices go with their namespaces. */
  close(): void {
    for (const space of [this.#router, ...this.sides.map(({ name }) => `starling-${name}-${process.pid}`)]) run(`ip netns delete ${space}`);
  }
}
