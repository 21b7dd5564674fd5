import type { Clock, Timer } from "../../shared/clock/clock.ts";
import type { InformerSet } from "../../shared/informer/informer.ts";
import type { Log } from "../../shared/log/log.ts";
import type { FileSystem } from "../host/file_system.ts";
import type { Host } from "../host/host.ts";
import type { ProxyBackend } from "./backend.ts";
import { type BackendName, createBackend } from "./create_backend.ts";
import { forgetFlows, staleFlows } from "./conntrack.ts";
import { followServices, type ServiceFollower } from "./follow_services.ts";
import type { ForwardingState } from "./forwarding_state.ts";

export interface ProxyOptions {
  readonly nodeName: string;
  /** The node's own addresses: an endpoint that names no node, but has one of these, is on this node. */
  readonly nodeAddresses: readonly string[];
  readonly informers: InformerSet;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  /** By name, or ready made. */
  readonly backend: BackendName | ProxyBackend;
  /** See `BackendOptions`; not needed for a backend that is ready made. */
  readonly clusterCidr: string;
  readonly files?: FileSystem;
}

export interface RunningProxy {
  /** Resolves when the kernel has everything for the first time; never, if stopped before. */
  readonly synced: Promise<void>;
  /** Ends the work and leaves all rules, because pods go on without the agent. */
  stop(): Promise<void>;
}

/** A change waits this long for more of them to come, but no longer than `MAX_WAIT_MS`. */
const QUIET_MS = 50;
const MAX_WAIT_MS = 1_000;
const CHECK_MS = 60_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

/**
 * Forwards Services on this node for as long as it runs: gives the backend the whole state whenever it changed,
 * could not be applied, or got lost in the kernel. Does nothing before all informers have their first list, since
 * rules made from half a list would cut off the other half. To be called after the node's network has set the kernel
 * up.
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const backend = typeof options.backend === "string"
    ? await createBackend(options.backend, options)
    : options.backend;
  const proxy = new Proxy(options, backend);
  const end = proxy.run();
  return {
    synced: proxy.synced,
    async stop() {
      proxy.stop();
      await end;
    },
  };
}

class Proxy {
  readonly #options: ProxyOptions;
  readonly #backend: ProxyBackend;
  readonly #follower: ServiceFollower;
  readonly #end = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  /** What the kernel had when we last succeeded. */
  #applied: ForwardingState | undefined;
  #changed = false;
  #onChange = () => {};

  constructor(options: ProxyOptions, backend: ProxyBackend) {
    this.#options = options;
    this.#backend = backend;
    this.#follower = followServices(options.informers, {
      nodeName: options.nodeName,
      nodeAddresses: options.nodeAddresses,
      onChange: () => {
        this.#changed = true;
        this.#onChange();
      },
    });
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  stop(): void {
    this.#end.abort(new Error("proxy stopped"));
    this.#follower.stop();
  }

  async run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#end;
    await Promise.race([this.#follower.ready, aborted(signal)]);
    let retryMs = FIRST_RETRY_MS;
    let nextCheck = clock.monotonic() + CHECK_MS;
    let inForce = false;
    while (!signal.aborted) {
      inForce = await this.#apply(inForce, retryMs);
      if (inForce) {
        retryMs = FIRST_RETRY_MS;
        const why = await this.#wait(Math.max(0, nextCheck - clock.monotonic()), true);
        if (why !== "time") continue;
        inForce = await this.#isIntact();
        nextCheck = clock.monotonic() + CHECK_MS;
      } else {
        // A change must not shorten the back-off: what fails would then be tried with every change.
        await this.#wait(retryMs, false);
        retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
      }
    }
  }

  /** Whether the state of now is in force afterwards. */
  async #apply(inForce: boolean, retryMs: number): Promise<boolean> {
    const { host, log } = this.#options;
    const { signal } = this.#end;
    this.#changed = false;
    const state = this.#follower.state();
    if (inForce && state === this.#applied) return true;
    try {
      await this.#backend.apply(state, signal);
      const flows = staleFlows(this.#applied, state);
      this.#applied = state;
      this.#synced.resolve();
      await forgetFlows(host, flows, signal);
      return true;
    } catch (error) {
      if (!signal.aborted) {
        log.error("Services not forwarded as they should be", error, { retryMs });
      }
      return false;
    }
  }

  async #isIntact(): Promise<boolean> {
    const { log } = this.#options;
    try {
      const intact = await this.#backend.intact(this.#end.signal);
      if (!intact) log.warn("Rules of Services were changed by somebody else; writing them anew");
      return intact;
    } catch (error) {
      if (!this.#end.signal.aborted) log.error("Rules of Services could not be checked", error);
      return true;
    }
  }

  /** Resolves after `ms`, or when the proxy ends, or, if they are heeded, soon after changes. */
  #wait(ms: number, heedChanges: boolean): Promise<"time" | "change" | "end"> {
    const { clock } = this.#options;
    const { signal } = this.#end;
    return new Promise((resolve) => {
      let quiet: Timer | undefined;
      let since: number | undefined;
      const done = (why: "time" | "change" | "end") => {
        timer.cancel();
        quiet?.cancel();
        this.#onChange = () => {};
        signal.removeEventListener("abort", onEnd);
        resolve(why);
      };
      const onEnd = () => done("end");
      const timer = clock.after(ms, () => done("time"));
      signal.addEventListener("abort", onEnd, { once: true });
      if (signal.aborted) return onEnd();
      if (!heedChanges) return;
      this.#onChange = () => {
        const now = clock.monotonic();
        since ??= now;
        quiet?.cancel();
        const left = Math.max(0, since + MAX_WAIT_MS - now);
        quiet = clock.after(Math.min(QUIET_MS, left), () => done("change"));
      };
      if (this.#changed) this.#onChange();
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
