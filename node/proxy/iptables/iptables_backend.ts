import type { Host } from "../../host/host.ts";
import type { ProxyBackend } from "../backend.ts";
import type { Family, ForwardingState } from "../forwarding_state.ts";
import { type PortRules, renderTables, type Tables, type TablesOptions } from "./render_tables.ts";
import { renderAll, renderChanges, renderCleanup } from "./restore_text.ts";
import { isIntact, parseSave, type SavedRules } from "./saved_rules.ts";
import { detectVariant, programs, type Variant } from "./variant.ts";

export interface IptablesOptions extends TablesOptions {
  readonly host: Host;
  /** Default: detected at the first use. */
  readonly variant?: Variant;
}

/** Seconds to wait for others who change rules at the same time. */
const LOCK_SECONDS = 10;
const nothing: Tables = { nat: new Map(), filter: new Map() };

/** Forwards by iptables rules, in chains named as kube-proxy names them. */
export class IptablesBackend implements ProxyBackend {
  readonly name = "iptables";
  readonly #options: IptablesOptions;
  readonly #memory: PortRules = new WeakMap();
  /** What the kernel holds, as far as we wrote it; a family that is absent is not known. */
  readonly #written = new Map<Family, Tables>();
  #variant: Variant | undefined;

  constructor(options: IptablesOptions) {
    this.#options = options;
    this.#variant = options.variant;
  }

  async apply(state: ForwardingState, signal: AbortSignal): Promise<void> {
    for (const family of [4, 6] as const) await this.#applyFamily(state, family, signal);
  }

  async intact(signal: AbortSignal): Promise<boolean> {
    for (const [family, tables] of this.#written) {
      if (tables === nothing || isIntact(await this.#read(family, signal), tables)) continue;
      this.#written.delete(family);
      return false;
    }
    return true;
  }

  async cleanup(): Promise<void> {
    this.#written.clear();
    const { host } = this.#options;
    for (const variant of ["nft", "legacy", "default"] as const) {
      for (const family of [4, 6] as const) {
        const { save, restore } = programs(variant, family);
        if (!await host.has(save)) continue;
        const { code, stdout } = await host.run(save, []);
        if (code !== 0) continue;
        const stdin = renderCleanup(parseSave(new TextDecoder().decode(stdout)));
        if (stdin) await host.output(restore, restoreArgs, { stdin });
      }
    }
  }

  async #applyFamily(state: ForwardingState, family: Family, signal: AbortSignal): Promise<void> {
    const before = this.#written.get(family);
    // Machines without IPv6 often lack its rule system too: it is left alone until a Service needs it.
    const unused = family === 6 && !state.ports.some((port) => port.family === 6);
    if (unused && (before === nothing || !await this.#hasLeftovers(family, signal))) {
      this.#written.set(family, nothing);
      return;
    }
    const after = renderTables(state.ports, family, { ...this.#options, memory: this.#memory });
    const stdin = before && before !== nothing
      ? renderChanges(before, after)
      : renderAll(await this.#read(family, signal), after);
    if (stdin === undefined) return;
    this.#written.delete(family);
    const { restore } = programs(await this.#chosen(), family);
    await this.#options.host.output(restore, restoreArgs, { stdin, signal });
    this.#written.set(family, after);
  }

  async #hasLeftovers(family: Family, signal: AbortSignal): Promise<boolean> {
    if (this.#written.has(family)) return true;
    const { save } = programs(await this.#chosen(), family);
    if (!await this.#options.host.has(save)) return false;
    const { code, stdout } = await this.#options.host.run(save, [], { signal });
    return code === 0 && parseSave(new TextDecoder().decode(stdout)).nat.ours.size > 0;
  }

  async #read(family: Family, signal: AbortSignal): Promise<SavedRules> {
    const { save } = programs(await this.#chosen(), family);
    return parseSave(await this.#options.host.output(save, [], { signal }));
  }

  async #chosen(): Promise<Variant> {
    this.#variant ??= await detectVariant(this.#options.host);
    return this.#variant;
  }
}

const restoreArgs: readonly string[] = ["--noflush", `--wait=${LOCK_SECONDS}`];
