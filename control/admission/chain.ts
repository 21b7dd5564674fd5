import type { AdmissionPlugin, Attributes } from "./plugin.ts";
import { Reinvocation } from "./reinvocation.ts";

/**
 * Runs plugins in their order: `admit` of all before the object is validated, `validate` of all before it is stored.
 * The first refusal ends it. Where webhooks or policies have changed the object, `admit` of all runs once more.
 */
export class PluginChain {
  readonly #admitting: readonly AdmissionPlugin[];
  readonly #validating: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#admitting = plugins.filter((plugin) => plugin.admit);
    this.#validating = plugins.filter((plugin) => plugin.validate);
  }

  async admit(attributes: Attributes): Promise<void> {
    const reinvocation = new Reinvocation();
    await this.#admitOnce(attributes, reinvocation);
    if (reinvocation.begin()) await this.#admitOnce(attributes, reinvocation);
  }

  async validate(attributes: Attributes): Promise<void> {
    for (const plugin of this.#validating) {
      if (!concerns(plugin, attributes)) continue;
      const pending = plugin.validate!(attributes);
      if (pending) await pending;
    }
  }

  async #admitOnce(attributes: Attributes, reinvocation: Reinvocation): Promise<void> {
    for (const plugin of this.#admitting) {
      if (!concerns(plugin, attributes)) continue;
      const pending = plugin.admit!(attributes, reinvocation);
      if (pending) await pending;
    }
  }
}

function concerns(plugin: AdmissionPlugin, attributes: Attributes): boolean {
  return plugin.handles?.(attributes) ?? true;
}
