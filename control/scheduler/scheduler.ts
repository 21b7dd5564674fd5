import type { Client } from "../../shared/client/client.ts";
import type { EventRecorder } from "../../shared/client/events.ts";
import type { Resource } from "../../shared/client/resource.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Informer, InformerSet } from "../../shared/informer/informer.ts";
import type { Log } from "../../shared/log/log.ts";
import { BindingCycle } from "./binding_cycle.ts";
import { Nominations } from "./cache/nominations.ts";
import type { NodeInfo } from "./cache/node_info.ts";
import { SchedulerCache } from "./cache/scheduler_cache.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import {
  defaultConfiguration,
  type SchedulerConfiguration,
} from "./configuration/scheduler_configuration.ts";
import type { PluginHandle, Preemption } from "./framework.ts";
import { feedFromInformers } from "./informer_feed.ts";
import { PodReporter } from "./pod_reporter.ts";
import { Preemptor } from "./preemptor.ts";
import { createProfile, type Profile } from "./profile.ts";
import { SchedulingQueue } from "./queue/scheduling_queue.ts";
import type { WaitingPod } from "./queue/waiting_pod.ts";
import { type Outcome, Placer } from "./schedule_one.ts";
import { waitForObject } from "./wait_for_object.ts";
import { within } from "./within.ts";

export interface SchedulerOptions {
  /** Acts as the user `system:kube-scheduler`; whose identity it carries is the caller's matter. */
  readonly client: Client;
  /** May be shared with others; the caller stops it. */
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly events: EventRecorder;
  /** Default: what kube-scheduler does without a configuration file. */
  readonly configuration?: SchedulerConfiguration;
}

export interface RunningScheduler {
  /** Places no further pod; resolves when the writes under way are answered. */
  stop(): Promise<void>;
}

/** How the pods of one scheduler name are placed. */
interface Lane {
  readonly profile: Profile;
  readonly placer: Placer;
  readonly binding: BindingCycle;
}

/** Writes (bindings, reports, preemptions) under way at once; the API groups commits, so several are faster than one. */
const maxWrites = 256;
/** The thread is shared: after this long, others have their turn. */
const sliceMs = 10;

/** Starts placing pods as soon as the informers have their first lists. Resolves then. */
export async function startScheduler(options: SchedulerOptions): Promise<RunningScheduler> {
  const scheduler = new Scheduler(options);
  await scheduler.start();
  return scheduler;
}

class Scheduler implements RunningScheduler {
  readonly #options: SchedulerOptions;
  readonly #stop = new AbortController();
  readonly #cache = new SchedulerCache();
  readonly #nominations = new Nominations();
  readonly #informers = new Set<Informer>();
  readonly #writes = new Set<Promise<void>>();
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #queue: SchedulingQueue;
  readonly #reporter: PodReporter;
  readonly #preemptor: Preemptor;
  #endFeed = () => {};
  #isScheduled = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const nominations = this.#nominations;
    const { configuration = defaultConfiguration, clock } = options;
    const { podInitialBackoffMs, podMaxBackoffMs } = configuration;
    this.#lanes = this.#createLanes(configuration);
    const [first] = this.#lanes.values();
    this.#queue = new SchedulingQueue({
      clock,
      queueSort: first!.profile.queueSort,
      profileOf: (pod) => this.#laneOf(pod).profile,
      initialBackoffMs: podInitialBackoffMs,
      maxBackoffMs: podMaxBackoffMs,
      onReady: () => this.#soon(),
    });
    this.#reporter = new PodReporter(options);
    this.#preemptor = new Preemptor({ ...options, queue: this.#queue, nominations });
  }

  async start(): Promise<void> {
    const { informers } = this.#options;
    const { pods, nodes, namespaces } = resources;
    for (const resource of [pods, nodes, namespaces]) {
      this.#informers.add(informers.of(resource as Resource));
    }
    await Promise.all(Array.from(this.#informers, (informer) => informer.synced()));
    this.#endFeed = feedFromInformers({
      informers,
      isOurs: (name) => this.#lanes.has(name),
      cache: this.#cache,
      queue: this.#queue,
      nominations: this.#nominations,
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("scheduler stopped"));
    this.#endFeed();
    this.#queue.stop();
    await Promise.all(this.#writes);
  }

  #createLanes({ profiles, percentageOfNodesToScore }: SchedulerConfiguration): Map<string, Lane> {
    const random = () => this.#options.random.float();
    const handle = this.#handle(random);
    return new Map(profiles.map((configured) => {
      const profile = createProfile(handle, { percentageOfNodesToScore, ...configured });
      const [cluster, nominations] = [this.#cache, this.#nominations];
      const placer = new Placer({ profile, cluster, nominations, random });
      return [profile.schedulerName, { profile, placer, binding: new BindingCycle({ profile }) }];
    }));
  }

  /** The feed lets in pods of our profiles alone. */
  #laneOf({ schedulerName }: PodInfo): Lane {
    return this.#lanes.get(schedulerName)!;
  }

  #handle(random: () => number): PluginHandle {
    const { client, informers, clock } = this.#options;
    return {
      client,
      random,
      within: (ms, task) => within(task, { clock, ms, signal: this.#stop.signal }),
      cluster: this.#cache,
      lister: (resource) => {
        const informer = informers.of(resource);
        this.#informers.add(informer as unknown as Informer);
        return informer;
      },
      preempt: (preemption: Preemption) => this.#write(this.#preemptor.carryOut(preemption)),
      waitFor: (resource, key, test, signal) =>
        waitForObject(informers.of(resource), { key, test, signal }),
    };
  }

  /** Runs later, once, however often it is asked for: events come in bursts. */
  #soon(): void {
    if (this.#isScheduled || this.#stop.signal.aborted) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    const { clock } = this.#options;
    const started = clock.monotonic();
    while (!this.#stop.signal.aborted && this.#writes.size < maxWrites) {
      const waiting = this.#queue.pop();
      if (!waiting) return;
      this.#place(waiting);
      if (clock.monotonic() - started >= sliceMs) {
        this.#isScheduled = true;
        clock.after(0, () => this.#run());
        return;
      }
    }
  }

  #place(waiting: WaitingPod): void {
    const outcome = this.#outcome(waiting);
    const { pod } = waiting;
    switch (outcome.code) {
      case "Placed":
        return this.#assume(waiting, outcome.node);
      case "Unschedulable": {
        const { message, nominatedNodeName } = outcome;
        if (nominatedNodeName !== undefined) this.#nominations.set(pod, nominatedNodeName);
        this.#queue.reject(waiting, outcome.rejectedBy);
        const report = { reason: "Unschedulable", message, nominatedNodeName } as const;
        return this.#write(this.#reporter.waits(pod, report));
      }
      case "Error":
        return this.#fail(waiting, outcome.error);
    }
  }

  #outcome({ pod }: WaitingPod): Outcome {
    try {
      return this.#laneOf(pod).placer.place(pod);
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      return { code: "Error", error: cause };
    }
  }

  #assume(waiting: WaitingPod, node: NodeInfo): void {
    const { pod } = waiting;
    this.#cache.assume(pod, node);
    this.#nominations.delete(pod.uid);
    const { binding } = this.#laneOf(pod);
    const reserved = binding.reserve(pod, node);
    if (reserved.code !== "Success") {
      this.#cache.forget(pod.uid);
      if (reserved.code === "Error") return this.#fail(waiting, reserved.error);
      return this.#fail(waiting, new Error(reserved.reasons.join(", ")));
    }
    const ready = binding.prepare(pod, node);
    if (!ready) return this.#write(this.#bind(waiting, node));
    // A binding that waits for its volumes must not keep others from being written.
    void ready.then(
      () => this.#write(this.#bind(waiting, node)),
      (error) => this.#undo(waiting, node, error),
    );
  }

  async #bind(waiting: WaitingPod, node: NodeInfo): Promise<void> {
    const { pod } = waiting;
    try {
      await this.#laneOf(pod).binding.bind(pod, node);
    } catch (error) {
      return this.#undo(waiting, node, error);
    }
    this.#queue.delete(pod.uid);
    this.#reporter.placed(pod, node.name);
  }

  /** The binding failed: the room is free again. */
  #undo(waiting: WaitingPod, node: NodeInfo, error: unknown): void {
    const { pod } = waiting;
    this.#laneOf(pod).binding.unreserve(pod, node);
    this.#cache.forget(pod.uid);
    this.#queue.dispatch({ kind: "PodDelete", node, pod });
    this.#fail(waiting, error instanceof Error ? error : new Error(String(error)));
  }

  #fail(waiting: WaitingPod, error: Error): void {
    const { pod } = waiting;
    // Gone or bound meanwhile: then nothing is wrong.
    if (this.#queue.get(pod.uid) !== waiting || this.#stop.signal.aborted) return;
    this.#options.log.error("Pod not placed", error, { pod: pod.key });
    this.#queue.fail(waiting);
    const report = { reason: "SchedulerError", message: error.message } as const;
    this.#write(this.#reporter.waits(waiting.pod, report));
  }

  #write(task: Promise<void>): void {
    const write = task.finally(() => {
      this.#writes.delete(write);
      this.#soon();
    });
    this.#writes.add(write);
  }
}
