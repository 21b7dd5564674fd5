import type { Container, Pod } from "../../shared/api/core/v1/types.gen.ts";
import { type ContainerState, labelNames } from "../runtime/runtime_service.ts";
import {
  attemptOf,
  type ContainerType,
  endedAt,
  exitCodeOf,
  type PodContainer,
  podContainers,
  podKey,
  runsOf,
  uidOf,
} from "./pod_containers.ts";

/** What the probes say about containers that run. */
export interface ProbeVerdicts {
  /** The startup probe has succeeded, or there is none. */
  isStarted(id: string): boolean;
  /** Why the container must be restarted; undefined if it need not. */
  failed(id: string): "liveness" | "startup" | undefined;
}

/** Everything that the next step depends on. */
export interface PodView {
  readonly pod: Pod;
  /** The sandbox that lives; undefined if there is none (yet, or any more). */
  readonly sandboxId: string | undefined;
  /** All containers of the pod, of every sandbox, in any state. */
  readonly containers: readonly ContainerState[];
  readonly probes: ProbeVerdicts;
  /** When the container may be restarted after its end at `endedAt`, and how long that back-off is. */
  backOff(
    container: Container,
    endedAt: number,
  ): { readonly until: number; readonly lengthMs: number };
  /** Wall-clock milliseconds. */
  readonly now: number;
}

export interface PlannedStart {
  readonly container: Container;
  readonly type: ContainerType;
  readonly attempt: number;
}

export interface PlannedStop {
  readonly state: ContainerState;
  readonly name: string;
  /** For the Killing event. */
  readonly message: string;
  /** Which probe asks for it: its own grace period may apply. */
  readonly probe?: "liveness" | "startup";
}

/** Why a container does not run now although it shall. */
export interface WaitingReason {
  readonly reason: string;
  readonly message: string;
}

/** The next step of a pod. Stops come before the sandbox, the sandbox before starts. */
export interface PodPlan {
  readonly createSandbox: boolean;
  readonly stop: readonly PlannedStop[];
  readonly start: readonly PlannedStart[];
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  /** Nothing may happen until then, but something does then; wall-clock milliseconds. */
  readonly recheckAt: number | undefined;
}

/** Decides what a pod needs next. Pure: the same view gives the same plan. */
export function planPod(view: PodView): PodPlan {
  return new Planner(view).plan();
}

/** Whether a container that ended must run again: by its own rules (KEP-5307) first, then by the pod's policy. */
export function shouldRestart(pod: Pod, { container, type }: PodContainer, code: number): boolean {
  if (type === "ephemeral") return false;
  if (type === "sidecar") return true;
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    const listed = exitCodes?.values?.includes(code) ?? false;
    const matches = exitCodes?.operator === "NotIn" ? !listed : listed;
    if (matches && action === "Restart") return true;
  }
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? "Always";
  if (policy === "Never") return false;
  // An init container that succeeded is done, whatever the policy.
  return policy === "OnFailure" || type === "init" ? code !== 0 : true;
}

class Planner {
  readonly #view: PodView;
  readonly #all: readonly PodContainer[];
  readonly #stop: PlannedStop[] = [];
  readonly #start: PlannedStart[] = [];
  readonly #waiting = new Map<string, WaitingReason>();
  #recheckAt: number | undefined;

  constructor(view: PodView) {
    this.#view = view;
    this.#all = podContainers(view.pod);
  }

  plan(): PodPlan {
    const { sandboxId } = this.#view;
    const createSandbox = sandboxId === undefined && this.#mayStartAnew();
    this.#stopStrays();
    if (sandboxId !== undefined || createSandbox) {
      const initialized = this.#planInit();
      if (initialized) this.#planApps();
      this.#planEphemeral();
      if (this.#isOver(initialized)) this.#stopSidecars();
    }
    return {
      createSandbox: createSandbox && this.#start.length > 0,
      stop: this.#stop,
      start: this.#start,
      waiting: this.#waiting,
      recheckAt: this.#recheckAt,
    };
  }

  /** A pod that must not be restarted gets no second sandbox: what the first took with it stays ended. */
  #mayStartAnew(): boolean {
    const { pod, containers } = this.#view;
    return containers.length === 0 || (pod.spec?.restartPolicy ?? "Always") !== "Never";
  }

  /** Containers of an earlier sandbox, or that the pod no longer names, must not go on. */
  #stopStrays(): void {
    for (const state of this.#view.containers) {
      if (state.state !== "running") continue;
      const name = state.labels[labelNames.containerName] ?? "";
      const known = this.#all.some(({ container }) => container.name === name);
      if (known && state.labels[labelNames.sandbox] === this.#view.sandboxId) continue;
      this.#stop.push({ state, name, message: `Stopping container ${name}` });
    }
  }

  /** The newest run in the sandbox that lives. */
  #current(name: string): ContainerState | undefined {
    const { sandboxId, containers } = this.#view;
    if (sandboxId === undefined) return undefined;
    return runsOf(containers, name).find(({ labels }) => labels[labelNames.sandbox] === sandboxId);
  }

  /** Takes the next step of initialization; true when it is done. Sidecars are kept running afterwards, too. */
  #planInit(): boolean {
    const done = this.#hasBegun();
    for (const one of this.#all) {
      const { type, container } = one;
      if (type !== "init" && type !== "sidecar") continue;
      const state = this.#current(container.name);
      if (type === "init") {
        if (done || (state?.state === "exited" && state.exitCode === 0)) continue;
        if (state?.state !== "running") this.#startOrWait(one, state);
        return false;
      }
      if (this.#isOver(done)) continue;
      if (state?.state === "running") this.#check(one, state);
      else this.#startOrWait(one, state);
      const started = state?.state === "running" && this.#view.probes.isStarted(state.id);
      if (!done && !started) return false;
    }
    return true;
  }

  /** Initialization is over for good once an app container has been made in this sandbox. */
  #hasBegun(): boolean {
    return this.#all.some(({ type, container }) =>
      type === "app" && this.#current(container.name) !== undefined
    );
  }

  #planApps(): void {
    for (const one of this.#all) {
      if (one.type !== "app") continue;
      const state = this.#current(one.container.name);
      if (state?.state === "running") this.#check(one, state);
      else this.#startOrWait(one, state);
    }
  }

  #planEphemeral(): void {
    for (const one of this.#all) {
      if (one.type !== "ephemeral") continue;
      if (runsOf(this.#view.containers, one.container.name).length > 0) continue;
      this.#start.push({ ...one, attempt: 0 });
    }
  }

  /** Stops a running container that its probes or a new image tell to. */
  #check({ container }: PodContainer, state: ContainerState): void {
    const { name } = container;
    const probe = this.#view.probes.failed(state.id);
    const message = `Container ${name} failed ${probe} probe, will be restarted`;
    if (probe) this.#stop.push({ state, name, message, probe });
    else if (state.labels[labelNames.image] !== container.image) {
      const changed = `Container ${name} definition changed, will be restarted`;
      this.#stop.push({ state, name, message: changed });
    }
  }

  /** For a container that does not run: starts it, or notes why not yet. */
  #startOrWait(one: PodContainer, state: ContainerState | undefined): void {
    const { pod, containers, now } = this.#view;
    const { container } = one;
    const last = state ?? runsOf(containers, container.name)[0];
    const attempt = last ? attemptOf(last) + 1 : 0;
    if (!state) {
      // A lost sandbox restarts what was running, but nothing that had ended for good.
      const finished = last?.state === "exited" && one.type === "app" &&
        !shouldRestart(pod, one, last.exitCode);
      if (!finished) this.#start.push({ ...one, attempt });
      return;
    }
    if (!shouldRestart(pod, one, exitCodeOf(state))) return;
    const { until, lengthMs } = this.#view.backOff(container, endedAt(state));
    if (now >= until) {
      this.#start.push({ ...one, attempt });
      return;
    }
    this.#recheckAt = Math.min(this.#recheckAt ?? Infinity, until);
    this.#waiting.set(container.name, {
      reason: "CrashLoopBackOff",
      message: `back-off ${
        goDuration(lengthMs)
      } restarting failed container=${container.name} pod=${podText(pod)}`,
    });
  }

  /** Whether nothing but sidecars is left to run: all apps ended for good, or initialization failed for good. */
  #isOver(initialized: boolean): boolean {
    const { pod } = this.#view;
    const endedForGood = (one: PodContainer) => {
      const state = this.#current(one.container.name);
      return state !== undefined && state.state !== "running" &&
        !shouldRestart(pod, one, exitCodeOf(state));
    };
    const initFailed = this.#all.some((one) => {
      const state = this.#current(one.container.name);
      return one.type === "init" && endedForGood(one) && exitCodeOf(state!) !== 0;
    });
    if (initFailed) return !this.#hasBegun();
    return initialized && this.#all.every((one) => one.type !== "app" || endedForGood(one));
  }

  #stopSidecars(): void {
    for (const { type, container } of this.#all.toReversed()) {
      if (type !== "sidecar") continue;
      const { name } = container;
      const state = this.#current(name);
      if (state?.state !== "running" || this.#stop.some((stop) => stop.state === state)) continue;
      this.#stop.push({ state, name, message: `Stopping container ${name}` });
    }
  }
}

/** `name_namespace(uid)`, as the reference names pods in its messages. */
export function podText(pod: Pod): string {
  const [namespace, name] = podKey(pod).split("/");
  return `${name}_${namespace}(${uidOf(pod)})`;
}

/** Whole seconds as Go prints a duration: `10s`, `1m20s`, `5m0s`. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
