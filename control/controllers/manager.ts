import type { Client } from "../../shared/client/client.ts";
import { eventRecorder } from "../../shared/client/event_recorder.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { InformerSet, ObjectKey } from "../../shared/informer/informer.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { WorkQueue } from "../../shared/workqueue/work_queue.ts";
import type { ControllerConfig, ControllerDefinition, Result } from "./controller.ts";
import { isNamespaceTerminating } from "./pods/pod_control.ts";

/** One finished run of a reconcile function, for metrics. */
export interface ControllerRun {
  readonly controller: string;
  readonly outcome: "done" | "requeue" | "error";
  readonly durationMs: number;
  /** Keys that wait in the controller's queue. */
  readonly waiting: number;
}
export interface ManagerOptions {
  /** A client that acts as `system:serviceaccount:kube-system:<account>`. */
  readonly clientFor: (account: string) => Client;
  readonly informers: InformerSet;
  readonly metadataInformers: InformerSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly config: ControllerConfig;
  readonly signal: AbortSignal;
  readonly observe?: (run: ControllerRun) => void;
}

type Reconcile = (key: ObjectKey, signal: AbortSignal) => Promise<Result>;

/**
 * Runs controllers until the signal is aborted: each with its own queue, user and event source. Resolves when every
 * run under way has ended. Called by whoever leads; one definition must not run twice in a cluster.
 */
export async function runControllers(
  definitions: readonly ControllerDefinition[],
  options: ManagerOptions,
): Promise<void> {
  const loops = definitions.map((definition) => setUp(definition, options));
  const { informers, metadataInformers, signal } = options;
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  // Acting on half of a picture means creating what is there already and deleting what is wanted.
  await Promise.race([Promise.all([informers.synced(), metadataInformers.synced()]), stopped]);
  if (signal.aborted) return;
  await Promise.all(loops.map((loop) => loop()));
}

/** Returns a function that works off the controller's queue until the signal is aborted. */
function setUp(definition: ControllerDefinition, options: ManagerOptions): () => Promise<void> {
  const { clock, random, signal } = options;
  const { name, account, workers = 1 } = definition;
  const queue = new WorkQueue(clock);
  const log = options.log.with({ controller: name });
  const client = options.clientFor(account);
  const reconcile = definition.setup({
    client,
    informers: options.informers,
    metadataInformers: options.metadataInformers,
    clock,
    random,
    events: eventRecorder(client, { clock, random, log, signal, component: account }),
    log,
    config: options.config,
    enqueue: (key, delayMs) => queue.add(key, delayMs),
  });
  signal.addEventListener("abort", () => queue.stop(), { once: true });
  const worker = async () => {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      await runOnce(key, { ...options, queue, reconcile, log, name });
    }
  };
  return async () => {
    await Promise.all(Array.from({ length: workers }, worker));
  };
}

interface Run extends Pick<ManagerOptions, "clock" | "signal" | "observe"> {
  readonly queue: WorkQueue;
  readonly reconcile: Reconcile;
  readonly log: Log;
  readonly name: string;
}

async function runOnce(key: ObjectKey, run: Run): Promise<void> {
  const { queue, reconcile, log, clock, signal, observe, name } = run;
  const began = clock.monotonic();
  let outcome: ControllerRun["outcome"] = "done";
  try {
    const result = await reconcile(key, signal);
    queue.forget(key);
    if ("requeueAfterMs" in result) {
      outcome = "requeue";
      queue.add(key, Math.max(1, result.requeueAfterMs));
    }
  } catch (error) {
    if (signal.aborted) return;
    outcome = "error";
    const retryMs = queue.retry(key);
    // A lost race is the normal way to learn that there is something newer, or nothing any more.
    if (isStatus(error, "Conflict") || isGone(error, key)) {
      log.debug("Reconcile lost a race", { key, retryMs });
    } else log.error("Reconcile failed", error, { key, retryMs, failures: queue.failuresOf(key) });
  } finally {
    queue.done(key);
    const durationMs = clock.monotonic() - began;
    observe?.({ controller: name, outcome, durationMs, waiting: queue.length });
  }
}

/** Whether the very object that was worked on is not there any more, or goes; the informer will say so in a moment. */
function isGone(error: unknown, key: ObjectKey): boolean {
  if (isStatus(error, "NotFound")) return error.details?.name === key.split("/").at(-1);
  return isNamespaceTerminating(error);
}
