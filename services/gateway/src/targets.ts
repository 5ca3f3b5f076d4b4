/** Who can be shown: those of the settings for good, and others that come and go while the gateway runs. */
import { Refusal } from '@starling/contract';
import type { OwnCertificates } from './certificates.js';
import type { TargetSettings } from './target-list.js';
import { Target } from './target.js';

export interface TargetsOptions {
  /** At least one; the first is the designated one. */
  readonly ofSettings: readonly [TargetSettings, ...TargetSettings[]];
  readonly cluster: string;
  readonly material: OwnCertificates;
}

interface Further {
  readonly href: string;
  readonly target: Target;
}

export class Targets {
  readonly designated: Target;
  readonly #cluster: string;
  readonly #fixed: ReadonlyMap<string, Target>;
  /** By name. */
  #further: ReadonlyMap<string, Further> = new Map();
  #material: OwnCertificates;

  constructor({ ofSettings, cluster, material }: TargetsOptions) {
    this.#cluster = cluster;
    this.#material = material;
    this.#fixed = new Map(ofSettings.map((settings) => [settings.name, new Target(settings, cluster, material)]));
    this.designated = this.#fixed.get(ofSettings[0].name) as Target;
  }

  all(): Target[] {
    return [...this.#fixed.values(), ...[...this.#further.values()].map(({ target }) => target)];
  }

  names(): { name: string }[] {
    return this.all().map(({ name }) => ({ name }));
  }

  /** The designated one for undefined. @throws Refusal for a name that is no target */
  of(name: string | undefined): Target {
    const target = name === undefined ? this.designated : (this.#fixed.get(name) ?? this.#further.get(name)?.target);
    if (target === undefined) throw new Refusal('unknown-target', `There is ${this.all().map((one) => one.name).join(', ')}.`);
    return target;
  }

  /** Offers these, and no others, beside those of the settings. Returns whom it offers no more: somebody may still watch them. */
  offer(further: readonly TargetSettings[]): Target[] {
    const before = this.#further;
    this.#further = new Map(
      further.map((settings) => {
        const known = before.get(settings.name);
        const { href } = settings.url;
        return [settings.name, known?.href === href ? known : { href, target: new Target(settings, this.#cluster, this.#material) }];
      }),
    );
    return [...before].filter(([name, { target }]) => this.#further.get(name)?.target !== target).map(([, { target }]) => target);
  }

  renew(material: OwnCertificates): void {
    this.#material = material;
    for (const target of this.all()) target.renew(material);
  }

  close(): void {
    for (const target of this.all()) target.close();
  }
}
