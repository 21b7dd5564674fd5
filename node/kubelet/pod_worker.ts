import type { Pod, PodStatus } from "../../shared/api/core/v1/types.gen.ts";
import type { Timer } from "../../shared/clock/clock.ts";
import { type ContainerState, labelNames } from "../runtime/runtime_service.ts";
import { type PodVolumes, VolumeError } from "../volumes/volume_manager.ts";
import { graceMsOf, startContainer, stopContainer } from "./container_actions.ts";
import { cleanUpPod, removeOldRuns } from "./garbage.ts";
import type { NodeContext } from "./node_context.ts";
import { podContainers, podKey, uidOf } from "./pod_containers.ts";
import {
  ensureHolder,
  isHolder,
  processesOf,
  removeHolder,
  sharesProcesses,
} from "./pid_holder.ts";
import { intentOf } from "./pod_intent.ts";
import { podDir } from "./pod_paths.ts";
import { type PodFailure, podStatus } from "./pod_status.ts";
import type { Sandbox } from "./sandbox.ts";
import { StartError } from "./start_error.ts";
import {
  type PlannedStop,
  planPod,
  type PodPlan,
  podText,
  type WaitingReason,
} from "./sync_pod.ts";
import { deleteFromApi, stopPod, writeNames } from "./pod_steps.ts";
import { terminationMessages } from "./termination_message.ts";

/** Pause after a step that failed; doubles to the maximum. */
const RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

/**
 * The life of one pod on this node, from its first sight until nothing of it is left. Steps of one pod never
 * overlap. Whatever it knows can be found again from the runtime, the disk and the API.
 */
export class PodWorker {
  readonly uid: string;
  /** Resolves when the pod has left the node for good. */
  readonly finished: Promise<void>;
  readonly #node: NodeContext;
  readonly #finish: () => void;
  #pod: Pod;
  #begun = false;
  /** The API has no such pod any more. */
  #gone = false;
  #failure: PodFailure | undefined;
  #sandbox: Sandbox | undefined;
  #volumes: PodVolumes | undefined;
  #volumesDirty = true;
  /** Why containers could not be started, until they are. */
  readonly #startErrors = new Map<string, StartError>();
  readonly #startMessages = new Map<string, string>();
  /** Containers that are being stopped, by ID. */
  readonly #stopping = new Set<string>();
  #waiting: ReadonlyMap<string, WaitingReason> = new Map();
  #retries = 0;
  #timer: Timer | undefined;
  #dirty = false;
  #running = false;
  #stopped = false;
  #step = new AbortController();
  /** When what still runs of a pod that must end is killed; monotonic. */
  #killAt = Infinity;
  #killTimer: Timer | undefined;
  #ending = false;
  #over = false;

  constructor(pod: Pod, node: NodeContext) {
    this.uid = uidOf(pod);
    this.#pod = pod;
    this.#node = node;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = resolve;
    node.objects.register(pod);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** The pod's addresses and namespace, for port-forward. */
  get sandbox(): Sandbox | undefined {
    return this.#sandbox;
  }

  /** The pod as the API has it now; undefined when it is gone from there. */
  update(pod: Pod | undefined): void {
    const before = this.#pod;
    if (!pod) this.#gone = true;
    else {
      this.#pod = pod;
      this.#node.statuses.seen(pod);
      // Our own status coming back is no news.
      if (this.#begun && intentOf(before) === intentOf(pod)) return;
      this.#node.objects.register(pod);
    }
    this.#begun = true;
    this.#volumesDirty = true;
    if (this.#mustEnd()) this.#endSoon();
    this.wake();
  }

  /** Ends the pod for a reason of the node's own. */
  fail(failure: PodFailure): void {
    this.#failure ??= failure;
    this.#endSoon();
    this.wake();
  }

  /** Something the pod is made of has changed. */
  refresh(): void {
    this.#volumesDirty = true;
    this.wake();
  }

  /** Looks at the pod again, now or as soon as the step under way is done. */
  wake(): void {
    this.#dirty = true;
    if (!this.#running) void this.#run();
  }

  /**
   * The agent ends; containers go on. Resolves when no step is under way, except an end: what was asked to stop
   * stops without us, and the next agent sees to the rest.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#killTimer?.cancel();
    this.#step.abort(new Error("the agent stops"));
    while (this.#running && !this.#ending) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  readonly #idle: (() => void)[] = [];

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#dirty && !this.#stopped) {
      this.#dirty = false;
      this.#timer?.cancel();
      if (this.#step.signal.aborted) this.#step = new AbortController();
      try {
        const next = await this.#sync();
        this.#retries = 0;
        if (next !== undefined) this.#wakeAt(next);
      } catch (error) {
        if (!this.#stopped && !this.#step.signal.aborted) this.#retryLater(error);
      }
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #retryLater(error: unknown): void {
    const wait = Math.min(RETRY_MS * 2 ** this.#retries++, MAX_RETRY_MS);
    this.#node.log.warn("Pod not in step", { pod: podKey(this.#pod), error: String(error), wait });
    this.#wakeAt(this.#node.clock.now() + wait);
  }

  /** `at`: wall-clock milliseconds. */
  #wakeAt(at: number): void {
    this.#timer?.cancel();
    this.#timer = this.#node.clock.after(
      Math.max(0, at - this.#node.clock.now()),
      () => this.wake(),
    );
  }

  #mustEnd(): boolean {
    const deleted = this.#pod.metadata.deletionTimestamp !== undefined;
    return this.#gone || deleted || this.#failure !== undefined;
  }

  /** One step. Resolves to when to look again, in wall-clock milliseconds; undefined: when something happens. */
  async #sync(): Promise<number | undefined> {
    if (this.#over) return undefined;
    this.#checkDeadline();
    if (this.#mustEnd()) return await this.#end();
    const phase = this.#known().status?.phase;
    if (phase === "Succeeded" || phase === "Failed") return await this.#settle();
    return await this.#keepRunning();
  }

  async #keepRunning(): Promise<number | undefined> {
    const node = this.#node;
    this.#sandbox ??= await node.sandboxes.find(this.uid);
    let containers = await this.#containers();
    node.prober.sync(this.#known(), containers, this.#podIp(), false);
    const plan = this.#plan(containers);
    const failure = await this.#carryOut(plan).then(() => undefined, (error) => error);
    containers = await this.#containers();
    node.prober.sync(this.#known(), containers, this.#podIp(), false);
    this.#waiting = this.#waitingOf(plan);
    const status = await this.#report(containers, false);
    await removeOldRuns(node, this.#pod, containers);
    if (failure) throw failure;
    if (status.phase === "Succeeded" || status.phase === "Failed") return node.clock.now();
    // What was started may let the next one start at once.
    if (plan.start.length > 0 && this.#startErrors.size === 0) {
      if (this.#plan(containers).start.length > 0) return node.clock.now();
    }
    return this.#nextLook(plan);
  }

  #plan(containers: readonly ContainerState[]): PodPlan {
    const { prober, backOff, clock } = this.#node;
    return planPod({
      pod: this.#known(),
      sandboxId: this.#sandbox?.id,
      containers,
      probes: prober,
      backOff: (container, endedAt) => backOff.waitOf(`${this.uid}/${container.name}`, endedAt),
      now: clock.now(),
    });
  }

  async #carryOut(plan: PodPlan): Promise<void> {
    const { signal } = this.#step;
    this.#sayBackOff(plan);
    for (const stop of plan.stop) this.#stopAside(stop);
    const due = this.#volumes?.refreshAt;
    if (due !== undefined && this.#node.clock.now() >= due) this.#volumesDirty = true;
    if (this.#volumesDirty && (plan.start.length > 0 || this.#volumes)) await this.#setUpVolumes();
    if (plan.createSandbox) await this.#createSandbox();
    if (!this.#sandbox || plan.start.length === 0) return;
    if (!this.#volumes) await this.#setUpVolumes();
    await writeNames(this.#pod, this.#sandbox, this.#node);
    const shared = sharesProcesses(this.#pod)
      ? await ensureHolder(this.#pod, this.#sandbox, this.#node)
      : undefined;
    for (const start of plan.start) {
      signal.throwIfAborted();
      const { name } = start.container;
      const failed = this.#startErrors.get(name);
      if (failed?.retryAt !== undefined && this.#node.clock.now() < failed.retryAt) continue;
      if (start.attempt > 0) this.#node.backOff.next(`${this.uid}/${name}`);
      const pidNamespace = shared ?? await processesOf(start, () => this.#containers());
      try {
        await startContainer({
          pod: this.#known(),
          start,
          sandbox: this.#sandbox,
          volumes: this.#volumes!,
          signal,
          ...(pidNamespace && { pidNamespace }),
        }, this.#node);
        this.#startErrors.delete(name);
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        this.#startErrors.set(name, error);
        this.#startMessages.set(`${name}/${start.attempt}`, error.message);
      }
    }
  }

  /** Stops a container that is to be restarted, while the pod's other business goes on. */
  #stopAside(stop: PlannedStop): void {
    const { id } = stop.state;
    if (this.#stopping.has(id)) return;
    this.#stopping.add(id);
    this.#stop(stop)
      .catch((error) => this.#node.log.warn("Container not stopped", { id, error: String(error) }))
      .finally(() => {
        this.#stopping.delete(id);
        this.wake();
      });
  }

  async #stop({ state, name, message, probe }: PlannedStop): Promise<void> {
    const one = podContainers(this.#pod).find(({ container }) => container.name === name);
    const own = probe && one?.container[`${probe}Probe`]?.terminationGracePeriodSeconds;
    await stopContainer({
      pod: this.#pod,
      state,
      container: one?.container,
      podIp: this.#podIp(),
      graceMs: own === undefined ? graceMsOf(this.#pod) : own * 1000,
      message,
    }, this.#node);
  }

  async #setUpVolumes(): Promise<void> {
    try {
      this.#volumesDirty = false;
      this.#volumes = await this.#node.volumes.setUp(this.#known());
    } catch (error) {
      this.#volumesDirty = true;
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof VolumeError) {
        this.#node.events.event(this.#pod, "Warning", "FailedMount", message);
      }
      throw error;
    }
  }

  async #createSandbox(): Promise<void> {
    const { network, events, sandboxes, files, paths } = this.#node;
    const reason = this.#pod.spec?.hostNetwork ? undefined : network.notReady();
    if (reason) {
      const message = `network is not ready: container runtime network not ready: ${reason}`;
      events.event(this.#pod, "Warning", "NetworkNotReady", message);
      void network.ready().then(() => this.wake());
      throw new Error(message);
    }
    await files.makeDirectory(podDir(paths, this.uid), 0o750);
    try {
      this.#sandbox = await sandboxes.create(this.#pod);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `Failed to create pod sandbox: ${why}`;
      events.event(this.#pod, "Warning", "FailedCreatePodSandBox", message);
      throw error;
    }
  }

  async #removeSandbox(): Promise<void> {
    if (sharesProcesses(this.#pod)) await removeHolder(this.uid, this.#node);
    await this.#node.sandboxes.remove(this.uid);
  }

  #sayBackOff(plan: PodPlan): void {
    for (const name of plan.waiting.keys()) {
      if (this.#waiting.get(name)?.reason === "CrashLoopBackOff") continue;
      const message = `Back-off restarting failed container ${name} in pod ${podText(this.#pod)}`;
      const fieldPath = `spec.containers{${name}}`;
      this.#node.events.event(this.#pod, "Warning", "BackOff", message, { fieldPath });
    }
  }

  #waitingOf(plan: PodPlan): ReadonlyMap<string, WaitingReason> {
    const waiting = new Map(plan.waiting);
    for (const [name, { reason, message }] of this.#startErrors) {
      if (!waiting.has(name)) waiting.set(name, { reason, message });
    }
    return waiting;
  }

  #nextLook(plan: PodPlan): number | undefined {
    const now = this.#node.clock.now();
    const retries = [...this.#startErrors.values()].map(({ retryAt }) => retryAt ?? now + 10_000);
    const times = [plan.recheckAt, this.#volumes?.refreshAt, this.#deadline(), ...retries];
    const known = times.filter((time) => time !== undefined);
    return known.length > 0 ? Math.min(...known) : undefined;
  }

  #deadline(): number | undefined {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    const { startTime } = this.#known().status ?? {};
    if (seconds === undefined || startTime === undefined) return undefined;
    return Date.parse(startTime) + seconds * 1000;
  }

  #checkDeadline(): void {
    const at = this.#deadline();
    const { clock, events } = this.#node;
    if (at === undefined || clock.now() < at || this.#failure) return;
    const phase = this.#known().status?.phase;
    if (phase === "Succeeded" || phase === "Failed") return;
    const message = "Pod was active on the node longer than the specified deadline";
    events.event(this.#pod, "Normal", "DeadlineExceeded", message);
    this.fail({ reason: "DeadlineExceeded", message });
  }

  /** The pod has ended by itself: what it holds is given back, its containers stay for their logs. */
  async #settle(): Promise<undefined> {
    const node = this.#node;
    await this.#stopAll(await this.#containers());
    node.prober.remove(this.uid);
    await this.#report(await this.#containers(), true);
    await node.volumes.tearDown(this.uid);
    await this.#removeSandbox();
    this.#sandbox = undefined;
    return undefined;
  }

  /** The pod must end: by deletion, or because the node ends it. */
  async #end(): Promise<number | undefined> {
    const node = this.#node;
    this.#sandbox ??= await node.sandboxes.find(this.uid);
    const containers = await this.#containers();
    node.prober.sync(this.#known(), containers, this.#podIp(), true);
    this.#waiting = new Map();
    if (containers.some(({ state }) => state === "running")) await this.#report(containers, false);
    this.#ending = true;
    await this.#stopAll(containers);
    node.prober.remove(this.uid);
    await this.#report(await this.#containers(), true);
    await node.volumes.tearDown(this.uid);
    await this.#removeSandbox();
    const deleted = this.#gone || this.#pod.metadata.deletionTimestamp !== undefined;
    if (!deleted) return undefined;
    if (!this.#gone) {
      await node.statuses.flush(this.uid);
      if (this.#stopped) return undefined;
      await deleteFromApi(this.#pod, node);
    }
    await cleanUpPod(node, this.#pod);
    this.#over = true;
    this.#finish();
    return undefined;
  }

  #stopAll(containers: readonly ContainerState[]): Promise<void> {
    const request = { pod: this.#pod, containers, podIp: this.#podIp(), graceMs: this.#graceMs() };
    return stopPod(request, this.#node);
  }

  /** A pod that vanished from the API without being deleted was deleted by force: its end must not wait. */
  #graceMs(): number {
    const { deletionTimestamp } = this.#pod.metadata;
    if (this.#gone && deletionTimestamp === undefined) return 1000;
    return Math.max(1000, graceMsOf(this.#pod));
  }

  /** Breaks off what is being started, and shortens an end that is under way if its grace period was shortened. */
  #endSoon(): void {
    const { clock } = this.#node;
    if (this.#killAt === Infinity) this.#step.abort(new Error("the pod must end"));
    const at = clock.monotonic() + this.#graceMs();
    if (at >= this.#killAt) return;
    this.#killAt = at;
    this.#killTimer?.cancel();
    this.#killTimer = clock.after(this.#graceMs(), () => void this.#killAll());
  }

  async #killAll(): Promise<void> {
    const { runtime, log } = this.#node;
    try {
      const running = (await runtime.list(this.uid)).filter(({ state }) => state === "running");
      await Promise.all(running.map(({ id }) => runtime.stop(id, 0)));
    } catch (error) {
      log.warn("Pod not killed yet", { pod: podKey(this.#pod), error: String(error) });
    }
  }

  async #report(containers: readonly ContainerState[], isTerminal: boolean): Promise<PodStatus> {
    const node = this.#node;
    const pod = this.#known();
    const messages = await terminationMessages(node, pod, containers);
    const status = podStatus({
      pod,
      containers,
      sandbox: this.#sandbox,
      waiting: this.#waiting,
      failure: this.#failure,
      isTerminal,
      nodeIps: node.nodeIps,
      runtimeName: node.runtimeName,
      now: node.clock.now(),
      isReady: (id) => node.prober.isReady(id),
      isStarted: (id) => node.prober.isStarted(id),
      imageIdOf: node.imageIdOf,
      messageOf: (state) => messages.get(state.id) ?? this.#startMessage(state),
    });
    if (!this.#gone) node.statuses.set(this.#pod, status);
    return status;
  }

  #startMessage({ labels, state }: ContainerState): string {
    if (state !== "created") return "";
    const run = `${labels[labelNames.containerName]}/${labels[labelNames.attempt]}`;
    return this.#startMessages.get(run) ?? "";
  }

  /** The pod's own containers. */
  async #containers(): Promise<ContainerState[]> {
    const all = await this.#node.runtime.list(this.uid);
    return all.filter((state) => !isHolder(state));
  }

  #podIp(): string {
    return this.#sandbox?.ips[0] ?? this.#node.nodeIps[0] ?? "";
  }

  /** The pod with the newest status of ours, which the API may not have yet. */
  #known(): Pod {
    const own = this.#node.statuses.get(this.uid);
    if (!own) return this.#pod;
    const foreign = (this.#pod.status?.conditions ?? []).filter(({ type }) =>
      !own.conditions?.some((one) => one.type === type)
    );
    const conditions = [...own.conditions ?? [], ...foreign];
    return { ...this.#pod, status: { ...this.#pod.status, ...own, conditions } };
  }
}
