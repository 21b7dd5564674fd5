import type { Medium } from "../../control/storage/kv/layout.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Simulation } from "./simulation.ts";

/** What the disk does at the moment. `unsure`: carries commits out and reports them as failed. */
export type DiskState = "well" | "slow" | "failing" | "unsure" | "full";

/** What a planted bug changes in the disk; each is asked for every commit. */
export interface DiskBugs {
  /** Acknowledge this commit and carry it out only with the next one. */
  holdBack?(): boolean;
  /** Leave this mutation out. */
  omit?(key: Deno.KvKey, value: unknown): boolean;
  /** Carry out only the first half of what a kill interrupts. */
  readonly tear?: boolean;
}

interface Mutation {
  readonly key: Deno.KvKey;
  /** Absent: a delete. */
  readonly value?: unknown;
}

export interface DiskOptions {
  readonly simulation: Simulation;
  readonly random: Random;
  readonly bugs?: DiskBugs;
  /** Called when a commit was carried out but reported as failed. */
  onUnsure?(): void;
}

/**
 * A disk that outlives the stores opened on it. A store gets a handle; to kill it is to cut its handle off: what it
 * had asked for by then is done or not, as chance has it, and it hears of nothing any more.
 */
export class Disk {
  readonly #inner: Medium;
  readonly #options: DiskOptions;
  #held: Mutation[] = [];
  state: DiskState = "well";
  /** Commits carried out. */
  commits = 0;

  constructor(inner: Medium, options: DiskOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  /** The medium for one opening of the store, and the end of it. */
  open(): { readonly medium: Medium; kill(): void } {
    const life = { alive: true };
    const medium: Medium = {
      atomic: () => this.#atomic(life) as unknown as Deno.AtomicOperation,
      get: (async (key: Deno.KvKey) => {
        await this.#pass(life, 0.2);
        return await this.#real(this.#inner.get(key));
      }) as Medium["get"],
      list:
        ((selector: Deno.KvListSelector, options?: Deno.KvListOptions) =>
          this.#list(life, selector, options)) as unknown as Medium["list"],
      close: () => void (life.alive = false),
    };
    return { medium, kill: () => this.#kill(life) };
  }

  /** For good: the real medium goes with it. */
  close(): void {
    this.#inner.close();
  }

  #kill(life: { alive: boolean }): void {
    life.alive = false;
    this.#held = [];
    this.state = "well";
  }

  #atomic(life: { readonly alive: boolean }) {
    const mutations: Mutation[] = [];
    const operation = {
      set: (key: Deno.KvKey, value: unknown) => {
        mutations.push({ key, value: value instanceof Uint8Array ? value.slice() : value });
        return operation;
      },
      delete: (key: Deno.KvKey) => {
        mutations.push({ key });
        return operation;
      },
      commit: () => this.#commit(life, mutations),
    };
    return operation;
  }

  async #commit(life: { readonly alive: boolean }, mutations: readonly Mutation[]) {
    const { random, simulation, bugs, onUnsure } = this.#options;
    const { state } = this;
    const latency = state === "slow" ? 50 + random.float() * 2000 : 0.5 + random.float() * 3;
    await simulation.sleep(latency);
    if (!life.alive) {
      if (bugs?.tear) await this.#apply(mutations.slice(0, Math.ceil(mutations.length / 2)));
      return await never();
    }
    if (state === "failing" || state === "full") {
      throw new Error(state === "full" ? "database or disk is full" : "disk I/O error");
    }
    if (bugs?.holdBack?.()) this.#held.push(...mutations);
    else await this.#apply(mutations);
    this.commits++;
    await this.#pass(life, latency);
    if (state === "unsure") {
      onUnsure?.();
      throw new Error("disk I/O error");
    }
    return { ok: true, versionstamp: "" };
  }

  async #apply(mutations: readonly Mutation[]): Promise<void> {
    const all = [...this.#held, ...mutations];
    this.#held = [];
    const commit = this.#inner.atomic();
    for (const { key, value } of all) {
      if (this.#options.bugs?.omit?.(key, value)) continue;
      if (value === undefined) commit.delete(key);
      else commit.set(key, value);
    }
    await this.#real(commit.commit());
  }

  async *#list(
    life: { readonly alive: boolean },
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ) {
    await this.#pass(life, 0.2);
    const entries = this.#inner.list(selector, options);
    for (;;) {
      const { done, value } = await this.#real(entries.next());
      if (done) return;
      yield value;
      if (this.#options.random.float() < 0.3) await this.#pass(life, 0.2);
    }
  }

  /** Time passes; a store that was killed meanwhile never hears of it. */
  async #pass(life: { readonly alive: boolean }, ms: number): Promise<void> {
    await this.#options.simulation.sleep(ms * this.#options.random.float());
    if (!life.alive) await never();
  }

  async #real<T>(call: Promise<T>): Promise<T> {
    const { simulation } = this.#options;
    simulation.busy++;
    try {
      return await call;
    } finally {
      simulation.busy--;
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

/** Deno KV as far as the store uses it, in plain memory: many times faster, and without threads of its own. */
export class ModelMedium implements Medium {
  readonly #entries = new Map<string, { readonly key: Deno.KvKey; readonly value: unknown }>();

  get = (async (key: Deno.KvKey) => {
    return { key, value: this.#entries.get(order(key))?.value ?? null, versionstamp: null };
  }) as Medium["get"];

  list =
    ((selector: Deno.KvListSelector, options?: Deno.KvListOptions) =>
      this.#list(selector, options)) as unknown as Medium["list"];

  atomic(): Deno.AtomicOperation {
    const tasks: (() => void)[] = [];
    const operation = {
      set: (key: Deno.KvKey, value: unknown) => {
        tasks.push(() => void this.#entries.set(order(key), { key, value }));
        return operation;
      },
      delete: (key: Deno.KvKey) => {
        tasks.push(() => void this.#entries.delete(order(key)));
        return operation;
      },
      commit: async () => {
        for (const task of tasks) task();
        return { ok: true, versionstamp: "" };
      },
    };
    return operation as unknown as Deno.AtomicOperation;
  }

  close(): void {}

  async *#list(selector: Deno.KvListSelector, options: Deno.KvListOptions = {}) {
    const { prefix, start, end } = selector as Partial<
      Record<"prefix" | "start" | "end", Deno.KvKey>
    >;
    const within = prefix && prefix.length > 0 ? order(prefix) + "\0" : "";
    const from = start && order(start);
    const to = end && order(end);
    const keys = [...this.#entries.keys()].filter((key) =>
      key.startsWith(within) && (from === undefined || key >= from) &&
      (to === undefined || key < to)
    ).sort();
    if (options.reverse) keys.reverse();
    for (const key of keys.slice(0, options.limit)) {
      const entry = this.#entries.get(key);
      if (entry) yield { ...entry, versionstamp: "" };
    }
  }
}

/** A text that sorts as Deno KV sorts keys, for keys whose parts are of the same types. */
function order(key: Deno.KvKey): string {
  return key.map((part) => typeof part === "number" ? String(part).padStart(16, "0") : String(part))
    .join("\0");
}
