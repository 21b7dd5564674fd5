import type { Host } from "../../host/host.ts";
import type { ProxyBackend } from "../backend.ts";
import type { Family, ForwardingState } from "../forwarding_state.ts";
import type { TablesOptions } from "../iptables/render_tables.ts";
import {
  type PortRules,
  renderAll,
  renderChanges,
  renderRuleset,
  type Ruleset,
  TABLE,
  tableOf,
} from "./ruleset.ts";

export interface NftablesOptions extends TablesOptions {
  readonly host: Host;
}

/**
 * Forwards by nftables maps, in a table of its own: looking a Service up costs the same however many there are. A
 * restart of the agent forgets which client session affinity had sent where; connections stay.
 */
export class NftablesBackend implements ProxyBackend {
  readonly name = "nftables";
  readonly #options: NftablesOptions;
  readonly #memory: PortRules = new WeakMap();
  /** What the kernel holds; a family that is absent is not known. */
  readonly #written = new Map<Family, Ruleset>();

  constructor(options: NftablesOptions) {
    this.#options = options;
  }

  async apply(state: ForwardingState, signal: AbortSignal): Promise<void> {
    for (const family of [4, 6] as const) {
      const unused = family === 6 && !state.ports.some((port) => port.family === 6);
      if (unused && !this.#written.has(family)) await this.#remove(family);
      else await this.#applyFamily(state, family, signal);
    }
  }

  async intact(signal: AbortSignal): Promise<boolean> {
    for (const family of this.#written.keys()) {
      // What happens to others' tables is that a firewall, reloading, flushes the whole ruleset.
      const args = ["list", "chain", ...tableOf(family).split(" "), "services"];
      const { code, stdout } = await this.#options.host.run("nft", args, { signal });
      if (code === 0 && new TextDecoder().decode(stdout).includes("vmap")) continue;
      this.#written.delete(family);
      return false;
    }
    return true;
  }

  async cleanup(): Promise<void> {
    this.#written.clear();
    for (const family of [4, 6] as const) await this.#remove(family);
  }

  async #applyFamily(state: ForwardingState, family: Family, signal: AbortSignal): Promise<void> {
    const { host } = this.#options;
    const before = this.#written.get(family);
    const after = renderRuleset(state.ports, family, { ...this.#options, memory: this.#memory });
    const { script, result } = before
      ? renderChanges(before, after, family)
      : { script: renderAll(after, family, this.#options), result: after };
    if (script === "") return;
    this.#written.delete(family);
    await host.output("nft", ["-f", "-"], { stdin: script, signal });
    this.#written.set(family, result);
  }

  async #remove(family: Family): Promise<void> {
    const { host } = this.#options;
    if (!await host.has("nft")) return;
    const { stdout, code } = await host.run("nft", ["list", "tables"]);
    if (code !== 0 || !new TextDecoder().decode(stdout).includes(`table ${tableOf(family)}`)) {
      return;
    }
    await host.output("nft", ["delete", "table", tableOf(family).split(" ")[0]!, TABLE]);
  }
}
