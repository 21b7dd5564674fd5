import type { Client } from "../../shared/client/client.ts";
import { sleep } from "../../shared/clock/clock.ts";
import {
  joinCluster,
  type JoinOptions,
  type NodeIdentity,
  renewAt,
  renewIdentity,
} from "./join.ts";

/** The longest that the renewal sleeps: a jump of the clock is noticed within this. */
const maxSleepMs = 3600_000;
const minSleepMs = 1_000;

/** The node's identity for as long as the agent runs; connections ask for `current` each time they are made. */
export class IdentityKeeper {
  readonly #options: JoinOptions;
  #current: NodeIdentity;

  private constructor(options: JoinOptions, identity: NodeIdentity) {
    this.#options = options;
    this.#current = identity;
  }

  /** Reads the identity or joins the cluster for one. Rejects with JoinError. */
  static async open(options: JoinOptions, signal: AbortSignal): Promise<IdentityKeeper> {
    return new IdentityKeeper(options, await joinCluster(options, signal));
  }

  get current(): NodeIdentity {
    return this.#current;
  }

  /** Renews the certificate in time until `signal` is aborted; a failure is logged and tried again an hour later. */
  async run(client: Client, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      const dueIn = renewAt(this.#current.certPem) - clock.now();
      await sleep(clock, Math.min(Math.max(dueIn, minSleepMs), maxSleepMs), signal).catch(() => {});
      if (signal.aborted || renewAt(this.#current.certPem) > clock.now()) continue;
      try {
        this.#current = await renewIdentity(client, this.#current, this.#options, signal);
        log.info("Node certificate renewed");
      } catch (error) {
        if (signal.aborted) return;
        log.error("Node certificate could not be renewed", error, { retryInMs: maxSleepMs });
        await sleep(clock, maxSleepMs, signal).catch(() => {});
      }
    }
  }
}
