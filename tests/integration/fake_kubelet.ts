import type { ContainerStatus, Node, Pod, PodStatus } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type Clock, microTimestamp, type Timer, timestamp } from "../../shared/clock/clock.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { InformerSet } from "../../shared/informer/informer.ts";
import { createInformerSet } from "../../shared/informer/informer_set.ts";
import { silentLog } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";

/** How a fake node plays a pod; set as annotations of the pod. Milliseconds, as decimal text. */
export const play = {
  /** How long its containers run before they end; absent: for ever. */
  runsFor: "fake/runs-for",
  /** What they end with. Default 0. */
  exitCode: "fake/exit-code",
  /** `never`: it runs but does not become ready. */
  ready: "fake/ready",
} as const;

export interface FakeNodeOptions {
  readonly labels?: Record<string, string>;
  readonly taints?: { key: string; value?: string; effect: string }[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
}

const startMs = 400;
const stopMs = 600;
const leaseMs = 10_000;
const statusMs = 60_000;
/** Addresses are given in turn; those of pods that are gone come round again. */
const POD_ADDRESSES = 250;

/**
 * A node without containers, after kwok's idea: it registers, renews its lease, says that its pods run and lets go of
 * those that shall end, all through the API as the node's own user.
 */
export class FakeKubelet {
  readonly name: string;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #options: FakeNodeOptions;
  readonly #informers: InformerSet;
  readonly #onError: (error: unknown) => void;
  readonly #timers = new Set<Timer>();
  /** Pods under way, by uid: the next thing that happens to each is in a timer or a request. */
  readonly #stage = new Map<string, "starting" | "running" | "stopping" | "ended">();
  #silent = false;
  #stopped = false;
  #addresses = 0;
  #podCidr = "";

  constructor(
    name: string,
    deps: {
      readonly client: Client;
      readonly clock: Clock;
      readonly random: Random;
      readonly onError: (error: unknown) => void;
    },
    options: FakeNodeOptions = {},
  ) {
    this.name = name;
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#options = options;
    this.#onError = deps.onError;
    this.#informers = createInformerSet(deps.client, { ...deps, log: silentLog });
  }

  /** Registers the node and begins to serve its pods. */
  async start(): Promise<void> {
    const node = await this.#client.create(resources.nodes, this.#newNode());
    await this.#client.create(resources.leases, {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: {
        namespace: "kube-node-lease",
        name: this.name,
        ownerReferences: [
          { apiVersion: "v1", kind: "Node", name: this.name, uid: node.metadata.uid! },
        ],
      },
      spec: this.#leaseSpec(),
    });
    this.#every(leaseMs, () => this.#renew());
    this.#every(statusMs, () => this.#report());
    const pods = this.#informers.of(resources.pods, {
      fieldSelector: `spec.nodeName=${this.name}`,
    });
    pods.onChange((pod, previous) => {
      if (pod) this.#look(pod);
      else if (previous) this.#stage.delete(previous.metadata.uid!);
    });
    await this.#report();
  }

  /** The node falls silent, as by a cut cable: its pods run on, but nobody hears of them. */
  silence(): void {
    this.#silent = true;
  }

  /** It is heard again and looks anew at its pods. */
  async resume(): Promise<void> {
    this.#silent = false;
    await this.#renew();
    await this.#report();
    const pods = this.#informers.of(resources.pods, {
      fieldSelector: `spec.nodeName=${this.name}`,
    });
    for (const pod of pods.list()) this.#look(pod);
  }

  stop(): void {
    this.#stopped = true;
    this.#informers.stop();
    for (const timer of this.#timers) timer.cancel();
  }

  #look(pod: Pod): void {
    if (this.#silent) return;
    const uid = pod.metadata.uid!;
    const stage = this.#stage.get(uid);
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (stage === "stopping") return;
      this.#stage.set(uid, "stopping");
      this.#later(stopMs, () => this.#remove(pod));
    } else if (stage === undefined && pod.status?.phase === "Pending") {
      this.#stage.set(uid, "starting");
      this.#later(startMs, () => this.#begin(pod, 0));
    }
  }

  async #begin(pod: Pod, restarts: number): Promise<void> {
    const uid = pod.metadata.uid!;
    const stage = this.#stage.get(uid);
    if (stage !== "starting" && stage !== "running") return;
    this.#stage.set(uid, "running");
    const node = await this.#client.get(resources.nodes, { name: this.name });
    this.#podCidr = node.spec?.podCIDR ?? "10.200.0.0/24";
    await this.#write(pod, this.#runningStatus(pod, restarts));
    const runsFor = pod.metadata.annotations?.[play.runsFor];
    if (runsFor !== undefined) this.#later(Number(runsFor), () => this.#end(pod, restarts));
  }

  async #end(pod: Pod, restarts: number): Promise<void> {
    if (this.#stage.get(pod.metadata.uid!) !== "running") return;
    const exitCode = Number(pod.metadata.annotations?.[play.exitCode] ?? "0");
    const policy = pod.spec?.restartPolicy ?? "Always";
    if (policy === "Always" || (policy === "OnFailure" && exitCode !== 0)) {
      return await this.#begin(pod, restarts + 1);
    }
    this.#stage.set(pod.metadata.uid!, "ended");
    await this.#write(pod, this.#endedStatus(pod, restarts, exitCode));
  }

  async #remove(pod: Pod): Promise<void> {
    const { namespace, name = "", uid } = pod.metadata;
    const options = { gracePeriodSeconds: 0, preconditions: { uid: uid! } };
    await this.#client.delete(resources.pods, { namespace, name }, options).catch((error) => {
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    });
  }

  async #write(pod: Pod, status: PodStatus): Promise<void> {
    const { namespace, name = "", uid } = pod.metadata;
    const patch = { metadata: { uid }, status };
    const options = { type: "strategic", subresource: "status" } as const;
    await this.#client.patch(resources.pods, { namespace, name }, patch, options).catch((error) => {
      if (!isStatus(error, "NotFound") && !isStatus(error, "Conflict")) throw error;
    });
  }

  #runningStatus(pod: Pod, restartCount: number): PodStatus {
    const now = this.#now();
    const ready = pod.metadata.annotations?.[play.ready] !== "never";
    const ip = pod.status?.podIP ?? this.#newAddress();
    const condition = (type: string, holds: boolean) => ({
      type,
      status: holds ? "True" : "False",
      lastTransitionTime: now,
    });
    return {
      phase: "Running",
      startTime: pod.status?.startTime ?? now,
      hostIP: "192.0.2.1",
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [
        condition("Initialized", true),
        condition("ContainersReady", ready),
        condition("Ready", ready),
      ],
      containerStatuses: statuses(pod, (one) => ({
        ...one,
        ready,
        started: true,
        restartCount,
        state: { running: { startedAt: now } },
      })),
    };
  }

  #endedStatus(pod: Pod, restartCount: number, exitCode: number): PodStatus {
    const now = this.#now();
    const notReady = (type: string) => ({
      type,
      status: "False",
      reason: exitCode === 0 ? "PodCompleted" : "PodFailed",
      lastTransitionTime: now,
    });
    const reason = exitCode === 0 ? "Completed" : "Error";
    return {
      phase: exitCode === 0 ? "Succeeded" : "Failed",
      conditions: [notReady("Ready"), notReady("ContainersReady")],
      containerStatuses: statuses(pod, (one) => ({
        ...one,
        ready: false,
        started: false,
        restartCount,
        state: { terminated: { exitCode, reason, startedAt: now, finishedAt: now } },
      })),
    };
  }

  #newAddress(): string {
    return this.#podCidr.replace(/\d+\/\d+$/, String(2 + this.#addresses++ % POD_ADDRESSES));
  }

  #newNode(): Node {
    const { labels, taints } = this.#options;
    return {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: this.name,
        labels: {
          "kubernetes.io/hostname": this.name,
          "kubernetes.io/os": "linux",
          "kubernetes.io/arch": "amd64",
          ...labels,
        },
      },
      spec: { ...(taints && { taints }) },
    };
  }

  async #renew(): Promise<void> {
    await this.#client.patch(
      resources.leases,
      { namespace: "kube-node-lease", name: this.name },
      { spec: this.#leaseSpec() },
      { type: "merge" },
    );
  }

  #leaseSpec() {
    return {
      holderIdentity: this.name,
      leaseDurationSeconds: 40,
      renewTime: microTimestamp(this.#clock.now()),
    };
  }

  async #report(): Promise<void> {
    const { cpu = "4", memory = "8Gi", pods = "110" } = this.#options;
    const now = this.#now();
    const capacity = { cpu, memory, pods, "ephemeral-storage": "50Gi" };
    const condition = (type: string, status: string, reason: string) => ({
      type,
      status,
      reason,
      message: reason,
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    });
    const status = {
      capacity,
      allocatable: capacity,
      conditions: [
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID"),
        condition("Ready", "True", "KubeletReady"),
      ],
    };
    await this.#client.patch(resources.nodes, { name: this.name }, { status }, {
      type: "strategic",
      subresource: "status",
    });
  }

  #now(): string {
    return timestamp(this.#clock.now());
  }

  #every(ms: number, task: () => Promise<void>): void {
    this.#later(ms, async () => {
      this.#every(ms, task);
      if (!this.#silent) await task();
    });
  }

  /** What fails is told and not tried again: nothing that a fake node does may be refused. */
  #later(ms: number, task: () => Promise<void>): void {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      task().catch((error) => {
        if (!this.#stopped) this.#onError(error);
      });
    });
    this.#timers.add(timer);
  }
}

function statuses(pod: Pod, state: (one: ContainerStatus) => ContainerStatus): ContainerStatus[] {
  return (pod.spec?.containers ?? []).map(({ name, image = "" }) =>
    state({ name, image, imageID: image, ready: false, restartCount: 0 })
  );
}
