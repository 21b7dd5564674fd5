import { type Revision, StorageError, type Stored } from "../../control/storage/storage.ts";
import type { Random } from "../../shared/clock/random.ts";
import {
  describe,
  type ListOperation,
  type Seen,
  valueOf,
  type WatchOperation,
  type WriteOperation,
} from "./history.ts";
import { prefixes, seen } from "./subject.ts";
import { StoreGone, type World } from "./world.ts";

const OBJECTS = 5;
const LEASES = 2;
const GROUPS = 4;
/** Watches that one client keeps at a time. */
const MAX_WATCHES = 6;

/** How often a client does what, of the sum of all. */
const mix = {
  put: 12,
  create: 12,
  update: 22,
  delete: 9,
  lease: 8,
  get: 14,
  list: 5,
  page: 4,
  listThen: 5,
  listAt: 6,
  listAndWatch: 4,
  watchFrom: 6,
  watchState: 3,
  endWatch: 4,
  compact: 2,
};
type Action = keyof typeof mix;

export interface ClientOptions {
  readonly number: number;
  readonly random: Random;
  readonly operations: number;
}

/** One client: one call after the other, knowing only what it was told. */
export class Client {
  readonly #world: World;
  readonly #options: ClientOptions;
  /** The revision at which the client last saw each key. */
  readonly #known = new Map<string, Revision>();
  /** Revisions it was told: where a watch may resume. */
  readonly #told: Revision[] = [];
  readonly #watches: (() => void)[] = [];
  #writes = 0;

  constructor(world: World, options: ClientOptions) {
    this.#world = world;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { random, operations } = this.#options;
    const { simulation } = this.#world;
    for (let i = 0; i < operations; i++) {
      const pause = random.float();
      if (pause > 0.4) await simulation.sleep(pause > 0.97 ? pause * 300 : (pause - 0.4) * 8);
      await this.#world.reopened();
      try {
        await this.#act(this.#pick());
      } catch (error) {
        if (!(error instanceof StoreGone)) throw error;
      }
    }
  }

  /** Looks at everything there is to see: the state, then each prefix from every revision that can still be asked for. */
  async audit(): Promise<void> {
    const { storage, selects } = this.#world.now;
    const from = Math.max(storage.compacted(), storage.revision() - 400);
    for (const prefix of prefixes) {
      await this.#watch(prefix, storage.compacted());
      if (selects) await this.#watch(prefix, undefined);
    }
    for (let revision = from; revision <= storage.revision(); revision += 7) {
      await this.#list({ at: revision as Revision });
      if (revision % 3 === 0) await this.#watch(this.#prefix(), revision as Revision);
    }
  }

  #pick(): Action {
    const entries = Object.entries(mix) as [Action, number][];
    let left = this.#options.random.float() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    return entries.find(([, weight]) => (left -= weight) < 0)?.[0] ?? "get";
  }

  async #act(action: Action): Promise<void> {
    const key = this.#key(action === "lease");
    const known = this.#known.get(key);
    switch (action) {
      case "put":
        return await this.#write("put", key, undefined);
      case "create":
        return await this.#write("put", key, 0);
      case "update":
        return await this.#write("put", key, known ?? 0);
      case "delete":
        return await this.#write("delete", key, this.#chance(0.5) ? known : undefined);
      case "lease":
        return await this.#write("put", key, this.#chance(0.5) ? known : undefined, true);
      case "get":
        return await this.#get(key);
      case "list":
        return void await this.#list({});
      case "page":
        return void await this.#list({ limit: 1 + this.#below(3), after: key });
      case "listThen":
        return void await this.#list({ at: (await this.#list({}))?.revision });
      case "listAt":
        return void await this.#list({ at: this.#revision() });
      case "listAndWatch": {
        const listing = await this.#list({});
        if (listing) await this.#watch(listing.prefix, listing.revision);
        return;
      }
      case "watchFrom":
        return await this.#watch(this.#prefix(), this.#revision());
      case "watchState":
        return await this.#watch(
          this.#prefix(),
          this.#world.now.selects ? undefined : this.#world.now.storage.revision(),
        );
      case "endWatch":
        return this.#watches.splice(this.#below(this.#watches.length), 1)[0]?.();
      case "compact":
        return await this.#compact();
    }
  }

  async #write(
    type: "put" | "delete",
    key: string,
    expected: Revision | 0 | undefined,
    lazy = false,
  ): Promise<void> {
    const { history, now } = this.#world;
    const id = `${this.#options.number}.${this.#writes++}`;
    const size = this.#chance(0.01) ? 90_000 : 20 + this.#below(this.#chance(0.1) ? 20_000 : 200);
    const value = valueOf(id, `g${this.#below(GROUPS)}`, size);
    const operation: WriteOperation = {
      ...history.begin(this.#options.number, now.number),
      type,
      key,
      expected,
      lazy,
      value: describe(value),
      outcome: "unknown",
    };
    history.writes.push(operation);
    const encode = (revision: Revision) => {
      operation.given = revision;
      return value;
    };
    const write = {
      type,
      key,
      encode,
      ...(expected !== undefined && { expected }),
      ...(lazy && { lazy: true } as const),
    };
    const answer = await this.#answer(now.storage.write(write));
    operation.end = history.tick();
    if (!(answer instanceof StorageError)) {
      operation.outcome = "ok";
      operation.revision = answer.revision;
      this.#learn(key, type === "put" ? answer : undefined);
      this.#told.push(answer.revision);
      return;
    }
    operation.code = answer.code;
    operation.outcome = ["Unavailable", "Closed"].includes(answer.code) ? "failed" : "refused";
    if (operation.outcome === "refused") this.#known.delete(key);
  }

  async #get(key: string): Promise<void> {
    const { history, now } = this.#world;
    const operation = history.begin(this.#options.number, now.number);
    const found = now.storage.get(key);
    this.#learn(key, found);
    const result: Seen | undefined = found && seen(found);
    history.gets.push({ ...operation, end: history.tick(), key, found: result });
  }

  async #list(
    query: { readonly at?: Revision | undefined; readonly limit?: number; readonly after?: string },
  ): Promise<{ readonly prefix: string; readonly revision: Revision } | undefined> {
    const { history, now } = this.#world;
    const { at, limit, after } = query;
    const prefix = after === undefined ? this.#prefix() : prefixes[0];
    const operation: ListOperation = {
      ...history.begin(this.#options.number, now.number),
      ...this.#state(),
      prefix,
      at,
      limit,
      after,
    };
    history.lists.push(operation);
    const options = {
      ...(at !== undefined && { revision: at }),
      ...(limit !== undefined && { limit }),
      ...(after !== undefined && { after }),
    };
    const answer = await this.#answer(now.storage.list(prefix, options));
    operation.end = history.tick();
    operation.compactedAtEnd = now.storage.compacted();
    if (answer instanceof StorageError) {
      operation.code = answer.code;
      return undefined;
    }
    operation.revision = answer.revision;
    operation.items = answer.items.map(seen);
    if (at === undefined) { for (const item of answer.items) this.#learn(item.key, item); }
    this.#told.push(answer.revision);
    return { prefix, revision: answer.revision };
  }

  async #watch(prefix: string, after: Revision | undefined): Promise<void> {
    const { history, now } = this.#world;
    const group = now.selects && this.#chance(0.5) ? `g${this.#below(GROUPS)}` : undefined;
    const operation: WatchOperation = {
      ...history.begin(this.#options.number, now.number),
      ...this.#state(),
      prefix,
      after,
      selects: now.selects,
      group,
      stopped: Infinity,
      events: [],
      bookmarks: [],
    };
    history.watches.push(operation);
    const alive = () => this.#world.now === now && !this.#world.gone;
    const listener = {
      event: (event: WatchOperation["events"][number]) => {
        if (!alive()) return;
        operation.events.push(event);
        this.#told.push(event.revision);
      },
      bookmark: (revision: Revision) => {
        if (!alive()) return;
        operation.bookmarks.push({ revision, time: history.tick(), initialEventsEnd: true });
        this.#told.push(revision);
      },
      closed: () => void (operation.stopped = Math.min(operation.stopped, history.tick())),
    };
    const answer = await this.#answer(now.watch({ prefix, after, group }, listener));
    operation.end = history.tick();
    operation.compactedAtEnd = now.storage.compacted();
    if (answer instanceof StorageError) {
      operation.code = answer.code;
      operation.stopped = operation.end;
      return;
    }
    this.#world.live.add(operation);
    this.#watches.push(() => {
      answer();
      operation.stopped = Math.min(operation.stopped, history.tick());
      this.#world.live.delete(operation);
    });
    if (this.#watches.length > MAX_WATCHES) this.#watches.shift()!();
  }

  async #compact(): Promise<void> {
    const { storage } = this.#world.now;
    const revision = storage.revision() - this.#below(60) as Revision;
    if (revision > 0) await this.#answer(storage.compact(revision));
  }

  /** The answer, or the refusal; anything else is a bug of the store or of the suite. */
  async #answer<T>(call: Promise<T>): Promise<T | StorageError> {
    try {
      return await this.#world.whileAlive(call);
    } catch (error) {
      if (error instanceof StorageError) return error;
      throw error;
    }
  }

  #state() {
    const { storage } = this.#world.now;
    return { revisionAtCall: storage.revision(), compactedAtCall: storage.compacted() };
  }

  #learn(key: string, found: Stored | undefined): void {
    if (found) this.#known.set(key, found.revision);
    else this.#known.delete(key);
  }

  /** A revision that the client was told, mostly a recent one. */
  #revision(): Revision {
    const told = this.#told;
    const back = this.#below(this.#chance(0.7) ? 15 : told.length);
    return told[Math.max(0, told.length - 1 - back)] ?? this.#world.now.storage.revision();
  }

  #key(lease: boolean): string {
    // Readers and writers share the keys; leases are also written with care now and then.
    return lease || this.#chance(0.08)
      ? `/lease/${this.#below(LEASES)}`
      : `/object/${this.#below(OBJECTS)}`;
  }

  #prefix(): string {
    return this.#chance(0.8) ? prefixes[0] : prefixes[1];
  }

  #chance(share: number): boolean {
    return this.#options.random.float() < share;
  }

  #below(n: number): number {
    return Math.floor(this.#options.random.float() * n);
  }
}
