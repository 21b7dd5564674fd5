import type { Event } from "../../shared/api/core/v1/types.gen.ts";
import type { Clock, Timer } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored } from "../registry/stored_object.ts";
import type { WriteScope } from "../registry/store_types.ts";
import type { Entry } from "../storage/cacher/cache.ts";

/** How long an Event is kept after its last change: the reference's `--event-ttl`. */
const TTL_MS = 3_600_000;
/** Events are removed together, so that there is one batch a minute and not a timer for each. */
const BATCH_MS = 60_000;

interface ExpiryOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** Removes Events an hour after their last change: nobody else does. Called once; ends with the watch cache. */
export async function expireEvents(store: ResourceStore, options: ExpiryOptions): Promise<void> {
  const expiry = new EventExpiry(store, options);
  await store.cache.watch({}, {
    events(batch) {
      for (const { type, entry } of batch) {
        if (type === "DELETED") expiry.forget(entry);
        else expiry.note(entry);
      }
    },
    bookmark: () => expiry.begin(),
    closed: () => expiry.stop(),
  });
  expiry.begin();
}

/** When the Event was last changed, by what the server wrote into it, in wall-clock milliseconds. */
export function lastChangeOf({ metadata }: Event): number {
  const times = [
    metadata.creationTimestamp,
    ...metadata.managedFields?.map(({ time }) => time) ?? [],
  ];
  return Math.max(0, ...times.flatMap((time) => time ? Date.parse(time) : []));
}

class EventExpiry {
  readonly #store: ResourceStore;
  readonly #clock: Clock;
  readonly #log: Log;
  /** When each Event goes, by key, the next first: by the monotonic clock. */
  #due = new Map<string, { readonly entry: Entry; readonly at: number }>();
  #timer: Timer | undefined;
  #started = false;
  #stopped = false;

  constructor(store: ResourceStore, { clock, log }: ExpiryOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** The Event is new or changed. Those that were there before may come in any order until `begin`. */
  note(entry: Entry): void {
    const age = this.#started
      ? 0
      : this.#clock.now() - lastChangeOf(decodeStored(entry.value) as Event);
    const left = Math.min(TTL_MS, Math.max(0, TTL_MS - age));
    this.#due.delete(entry.key);
    this.#due.set(entry.key, { entry, at: this.#clock.monotonic() + left });
    if (this.#started) this.#wait();
  }

  forget({ key }: Entry): void {
    this.#due.delete(key);
  }

  begin(): void {
    if (this.#started) return;
    this.#started = true;
    this.#due = new Map([...this.#due].sort(([, a], [, b]) => a.at - b.at));
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    const [next] = this.#due.values();
    if (this.#timer || this.#stopped || !next) return;
    const left = Math.max(BATCH_MS, next.at - this.#clock.monotonic());
    this.#timer = this.#clock.after(left, () => void this.#expire());
  }

  async #expire(): Promise<void> {
    const now = this.#clock.monotonic();
    for (const { entry, at } of [...this.#due.values()]) {
      if (at > now || this.#stopped) break;
      // What cannot be removed is tried again with the next batch.
      await this.#remove(entry).catch((error) => this.#log.error("Event not removed", error));
    }
    this.#timer = undefined;
    this.#wait();
  }

  async #remove({ key, name, namespace, revision }: Entry): Promise<void> {
    const preconditions = { resourceVersion: String(revision) };
    try {
      await this.#store.delete(this.#store.kind, name, { preconditions }, { ...scope, namespace });
    } catch (error) {
      // Somebody changed it meanwhile, or removed it: then there is another entry, or none.
      if (!isStatus(error, "Conflict") && !isStatus(error, "NotFound")) throw error;
    }
    if (this.#due.get(key)?.entry.revision === revision) this.#due.delete(key);
  }
}

const scope: WriteScope = {
  user: { name: "system:apiserver", groups: ["system:masters"] },
  namespace: "",
  subresource: "",
  dryRun: false,
  fieldManager: "kube-apiserver",
  warn() {},
};
