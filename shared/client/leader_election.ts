import type { Lease } from "../api/coordination/v1/types.gen.ts";
import { type Clock, microTimestamp, sleep } from "../clock/clock.ts";
import type { Random } from "../clock/random.ts";
import type { Log } from "../log/log.ts";
import { StatusError } from "../meta/status_error.ts";
import type { Client } from "./client.ts";
import { resources } from "./resources.gen.ts";

export interface LeaderElectionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The Lease that is fought for. */
  readonly namespace: string;
  readonly name: string;
  /** Unique among the candidates. */
  readonly identity: string;
  /** Ends the candidacy; a held lease is given up, so that another can take it at once. */
  readonly signal: AbortSignal;
  /** Others wait this long after the last renewal that they saw. Default 15 s. */
  readonly leaseMs?: number;
  /** A leader that could not renew for this long stops leading. Less than `leaseMs`. Default 10 s. */
  readonly renewMs?: number;
  /** Between two tries. Default 2 s. */
  readonly retryMs?: number;
}

/**
 * Runs `lead` whenever this candidate holds the Lease; its signal is aborted when leadership is lost. Returns after the
 * candidacy has ended and `lead` has returned. Only the local monotonic clock is compared with itself, so candidates
 * whose clocks differ are safe (as in client-go's leader election).
 */
export async function leaderElection(
  client: Client,
  options: LeaderElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const candidate = new Candidate(client, options);
  const { signal, log, identity, name } = options;
  while (!signal.aborted) {
    if (!await candidate.tryHold()) {
      await candidate.pause();
      continue;
    }
    log.info("Leadership gained", { lease: name, identity });
    const lost = new AbortController();
    const leading = lead(AbortSignal.any([signal, lost.signal]))
      .catch((error) => log.error("Leader failed", error, { lease: name }))
      .finally(() => lost.abort(new Error("leader returned")));
    await candidate.keep(lost.signal);
    lost.abort(new Error("leadership lost"));
    log.info("Leadership ended", { lease: name, identity });
    await leading;
    await candidate.release();
  }
}

class Candidate {
  readonly #client: Client;
  readonly #options: LeaderElectionOptions & { leaseMs: number; renewMs: number; retryMs: number };
  /** The lease as last seen, and when a change of it was first seen. */
  #seen: Lease | undefined;
  #seenAt = 0;

  constructor(client: Client, options: LeaderElectionOptions) {
    this.#client = client;
    this.#options = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000, ...options };
  }

  /** Takes or renews the lease if that is allowed now. Never rejects. */
  async tryHold(): Promise<boolean> {
    const { namespace, name, identity, clock, leaseMs, log } = this.#options;
    try {
      const lease = await this.#client.find(resources.leases, { namespace, name });
      if (!lease) {
        this.#see(await this.#client.create(resources.leases, this.#renewed(undefined)));
        return true;
      }
      if (lease.metadata.resourceVersion !== this.#seen?.metadata.resourceVersion) this.#see(lease);
      const holder = lease.spec?.holderIdentity;
      const expired = clock.monotonic() - this.#seenAt >= leaseMs;
      if (holder && holder !== identity && !expired) return false;
      this.#see(await this.#client.update(resources.leases, this.#renewed(lease)));
      return true;
    } catch (error) {
      // Another candidate was quicker: that is how elections end.
      if (!(error instanceof StatusError && error.code === 409)) {
        log.warn("Lease not renewed", { lease: name, error: String(error) });
      }
      return false;
    }
  }

  /** Renews until that has failed for too long, or a signal is aborted. */
  async keep(lost: AbortSignal): Promise<void> {
    const { clock, renewMs, retryMs, signal } = this.#options;
    const either = AbortSignal.any([signal, lost]);
    let renewed = clock.monotonic();
    while (!either.aborted) {
      await sleep(clock, retryMs, either).catch(() => {});
      if (either.aborted) return;
      // A request that hangs must not carry leadership past its time.
      const deadline = renewed + renewMs - clock.monotonic();
      const held = await Promise.race([
        this.tryHold(),
        sleep(clock, Math.max(0, deadline), either).then(() => false, () => false),
      ]);
      if (held) renewed = clock.monotonic();
      else if (clock.monotonic() - renewed >= renewMs || this.#isForeign()) return;
    }
  }

  /** Gives the lease up if it is ours. Never rejects. */
  async release(): Promise<void> {
    const lease = this.#seen;
    if (!lease || this.#isForeign()) return;
    const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 };
    await this.#client.update(resources.leases, { ...lease, spec }).then(
      (released) => this.#see(released),
      () => {},
    );
  }

  async pause(): Promise<void> {
    const { clock, random, retryMs, signal } = this.#options;
    await sleep(clock, retryMs * (1 + 0.2 * random.float()), signal).catch(() => {});
  }

  #isForeign(): boolean {
    return this.#seen?.spec?.holderIdentity !== this.#options.identity;
  }

  #see(lease: Lease): void {
    this.#seen = lease;
    this.#seenAt = this.#options.clock.monotonic();
  }

  #renewed(old: Lease | undefined): Lease {
    const { namespace, name, identity, clock, leaseMs } = this.#options;
    const now = microTimestamp(clock.now());
    const same = old?.spec?.holderIdentity === identity;
    const transitions = old?.spec?.leaseTransitions ?? 0;
    return {
      kind: "Lease",
      apiVersion: "coordination.k8s.io/v1",
      metadata: old?.metadata ?? { namespace, name },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(leaseMs / 1000),
        acquireTime: same ? old?.spec?.acquireTime ?? now : now,
        renewTime: now,
        leaseTransitions: same || !old ? transitions : transitions + 1,
      },
    };
  }
}
