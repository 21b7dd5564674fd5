import type { KubeObject } from "../api/kind.ts";
import type { Client, ListResult, WatchEvent } from "../client/client.ts";
import type { Resource } from "../client/resource.ts";
import { type Clock, sleep } from "../clock/clock.ts";
import type { Random } from "../clock/random.ts";
import type { Log } from "../log/log.ts";
import { StatusError } from "../meta/status_error.ts";

/** Where a reflector brings what it sees. The calls come one after another and must not throw. */
export interface ReflectorSink<T> {
  /** Everything there is, as of one moment: the start, or a start anew after a gap. */
  replace(list: ListResult<T>): void;
  apply(type: "ADDED" | "MODIFIED" | "DELETED", object: T): void;
  /** Everything up to this version has been brought. */
  progress(version: string): void;
}
export interface ReflectorOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

const MIN_WAIT_MS = 800;
const MAX_WAIT_MS = 30_000;
/** A watch that lived this long was a good one, even if nothing happened. */
const GOOD_WATCH_MS = 30_000;

/** What the reflector knows: nothing, or everything up to a version. */
type Position = { readonly at: "nowhere" } | { readonly at: "version"; readonly version: string };

/**
 * Follows one resource until the signal is aborted: lists, then watches from the list's version, and goes on from the
 * last version seen whenever the connection ends. Only a version that the server no longer has makes it list again.
 * Every failure is waited out for 0.8 s to 30 s, doubling, with jitter; anything that gets through ends that.
 */
export async function reflect<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: ReflectorOptions & { readonly sink: ReflectorSink<T> },
): Promise<void> {
  const { signal, log, clock, random } = options;
  let position: Position = { at: "nowhere" };
  let failures = 0;
  while (!signal.aborted) {
    const before = position;
    const began = clock.monotonic();
    const idle = () => position === before && clock.monotonic() - began < GOOD_WATCH_MS;
    try {
      if (position.at === "nowhere") position = await list(client, resource, options);
      else {
        await follow(client, resource, {
          ...options,
          version: position.version,
          onVersion: (version) => position = { at: "version", version },
        });
      }
      // A server that ends watches at once without an event would otherwise be asked in a tight loop.
      failures = idle() ? failures + 1 : 0;
    } catch (error) {
      if (signal.aborted) return;
      const expired = error instanceof StatusError && error.code === 410;
      failures = idle() || expired ? failures + 1 : 1;
      if (expired) position = { at: "nowhere" };
      else log.warn("Watch interrupted", { resource: resource.plural, error: String(error) });
      // Once is normal after a long absence, and users wait for it: only repeated expiry is slowed down.
      if (expired && failures === 1) continue;
    }
    if (failures > 0) await pause(failures, { clock, random, signal });
  }
}

async function list<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: ReflectorOptions & { readonly sink: ReflectorSink<T> },
): Promise<Position> {
  const { namespace, labelSelector, fieldSelector, signal } = options;
  const query = { namespace, labelSelector, fieldSelector, signal };
  const result = await client.list(resource, query);
  if (!signal.aborted) options.sink.replace(result);
  return { at: "version", version: result.resourceVersion };
}

async function follow<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: ReflectorOptions & {
    readonly sink: ReflectorSink<T>;
    readonly version: string;
    readonly onVersion: (version: string) => void;
  },
): Promise<void> {
  const { namespace, labelSelector, fieldSelector, signal, sink } = options;
  const events: AsyncIterable<WatchEvent<T>> = client.watch(resource, {
    namespace,
    labelSelector,
    fieldSelector,
    signal,
    resourceVersion: options.version,
    // Spread, so that the watches of a fleet that started together do not end together.
    timeoutSeconds: Math.round(300 * (1 + options.random.float())),
  });
  for await (const { type, object } of events) {
    if (signal.aborted) return;
    if (type !== "BOOKMARK") sink.apply(type, object);
    const version = object.metadata.resourceVersion;
    if (version === undefined) continue;
    sink.progress(version);
    options.onVersion(version);
  }
}

async function pause(
  failures: number,
  { clock, random, signal }: { clock: Clock; random: Random; signal: AbortSignal },
): Promise<void> {
  const wait = Math.min(MAX_WAIT_MS, MIN_WAIT_MS * 2 ** (failures - 1));
  // The jitter lengthens: even the first pause is no shorter than stated.
  const jittered = Math.min(MAX_WAIT_MS, wait * (1 + random.float()));
  await sleep(clock, jittered, signal).catch(() => {});
}
