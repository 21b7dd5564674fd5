import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Node, NodeSpec, Pod, PodSpec } from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { FakeClock, settle } from "../../../shared/clock/fake_clock.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import { silentLog } from "../../../shared/log/log.ts";
import type { ObjectMeta } from "../../../shared/meta/types.gen.ts";
import type { SchedulerConfiguration } from "../configuration/scheduler_configuration.ts";
import { type RunningScheduler, startScheduler } from "../scheduler.ts";
import { MemoryApi } from "./memory_api.ts";

/** A cluster in memory with a scheduler in it. */
export class Harness {
  readonly api = new MemoryApi();
  readonly clock = new FakeClock();
  /** `Warning FailedScheduling …`, in order. */
  readonly events: string[] = [];
  readonly #seed: number;
  readonly #configuration: SchedulerConfiguration | undefined;
  #scheduler: RunningScheduler | undefined;

  constructor(seed = 1, configuration?: SchedulerConfiguration) {
    this.#seed = seed;
    this.#configuration = configuration;
  }

  async start(): Promise<void> {
    this.#scheduler = await startScheduler({
      client: this.api.client,
      informers: this.api,
      ...(this.#configuration && { configuration: this.#configuration }),
      clock: this.clock,
      random: seededRandom(this.#seed),
      log: silentLog,
      events: {
        event: (_about: KubeObject, type, reason, message) =>
          void this.events.push(`${type} ${reason} ${message}`),
      },
    });
    await settle();
  }

  async stop(): Promise<void> {
    await this.#scheduler?.stop();
  }

  /** Adds objects and lets the scheduler do what follows at once. */
  async add(...objects: (Node | Pod)[]): Promise<void> {
    for (const object of objects) {
      if (object.kind === "Node") this.api.put(resources.nodes, object as Node);
      else this.api.put(resources.pods, object as Pod);
    }
    await settle();
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await settle();
  }

  /** The node of each pod, by name; "" while it waits. */
  placements(): Record<string, string> {
    return Object.fromEntries(
      this.api.of(resources.pods).list()
        .map(({ metadata, spec }) => [metadata.name ?? "", spec?.nodeName ?? ""]),
    );
  }

  /** What the pod's PodScheduled condition says. */
  whyWaiting(key: string): string | undefined {
    return this.api.pod(key).status?.conditions
      ?.find(({ type, status }) => type === "PodScheduled" && status === "False")?.message;
  }
}

export interface NodeOptions {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: number;
  readonly labels?: Record<string, string>;
  readonly spec?: NodeSpec;
  /** Further allocatable resources. */
  readonly more?: Record<string, string>;
}

/** A node with 4 CPUs, 16Gi, room for 110 pods, and its hostname as a label. */
export function makeNode(name: string, options: NodeOptions = {}): Node {
  const { cpu = "4", memory = "16Gi", pods = 110, labels = {}, spec = {}, more = {} } = options;
  const allocatable = { cpu, memory, pods: String(pods), "ephemeral-storage": "100Gi", ...more };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, uid: name, labels: { "kubernetes.io/hostname": name, ...labels } },
    spec,
    status: { allocatable, capacity: allocatable },
  };
}

export interface PodOptions extends Partial<PodSpec> {
  readonly cpu?: string;
  readonly memory?: string;
  readonly metadata?: ObjectMeta;
}

/** A pod `shop/<name>` with one container that requests `cpu` and `memory`. */
export function makePod(name: string, options: PodOptions = {}): Pod {
  const { cpu, memory, metadata, ...spec } = options;
  const requests = { ...(cpu && { cpu }), ...(memory && { memory }) };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", uid: `uid-${name}`, ...metadata },
    spec: { containers: [{ name: "main", image: "app", resources: { requests } }], ...spec },
    status: { phase: "Pending" },
  };
}
