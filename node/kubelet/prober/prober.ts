import type { Container, Pod, Probe } from "../../../shared/api/core/v1/types.gen.ts";
import type { Clock, Timer } from "../../../shared/clock/clock.ts";
import type { EventRecorder } from "../../../shared/client/events.ts";
import type { ContainerState } from "../../runtime/runtime_service.ts";
import { podContainers, runsOf, uidOf } from "../pod_containers.ts";
import type { ProbeVerdicts } from "../sync_pod.ts";
import type { ProbeResult, ProbeRunner } from "./probe.ts";

export type ProbeKind = "startup" | "liveness" | "readiness";

export interface ProberOptions {
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly run: ProbeRunner;
  /** A verdict changed: the pod needs another look. */
  readonly onChange: (podUid: string) => void;
}

interface Subject {
  readonly pod: Pod;
  readonly container: Container;
  readonly state: ContainerState;
  readonly podIp: string;
}

/** Probes running containers and keeps the verdicts, by container ID. */
export class Prober implements ProbeVerdicts {
  readonly #options: ProberOptions;
  /** By pod UID, then `container ID/kind`. */
  readonly #workers = new Map<string, Map<string, ProbeWorker>>();
  readonly #verdicts = new Map<string, Partial<Record<ProbeKind, boolean>>>();
  readonly #failed = new Map<string, "liveness" | "startup">();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Brings the workers in line with what runs. Called with every look at a pod; cheap when nothing changed. */
  sync(pod: Pod, states: readonly ContainerState[], podIp: string, terminating: boolean): void {
    const uid = uidOf(pod);
    const workers = this.#workers.get(uid) ?? new Map<string, ProbeWorker>();
    this.#workers.set(uid, workers);
    const wanted = new Set<string>();
    for (const { container } of podContainers(pod)) {
      const state = runsOf(states, container.name)[0];
      if (state?.state !== "running") continue;
      for (const [kind, probe] of probesOf(container)) {
        if (terminating && kind !== "readiness") continue;
        const key = `${state.id}/${kind}`;
        wanted.add(key);
        const subject = { pod, container, state, podIp };
        const known = workers.get(key);
        if (known) known.subject = subject;
        else workers.set(key, this.#start(kind, probe, subject));
      }
    }
    for (const [key, worker] of workers) {
      if (wanted.has(key)) continue;
      worker.stop();
      workers.delete(key);
      if (!terminating) this.#forget(key.split("/")[0]!);
    }
  }

  /** Forgets the pod. */
  remove(uid: string): void {
    for (const [key, worker] of this.#workers.get(uid) ?? []) {
      worker.stop();
      this.#forget(key.split("/")[0]!);
    }
    this.#workers.delete(uid);
  }

  stop(): void {
    for (const uid of [...this.#workers.keys()]) this.remove(uid);
  }

  isStarted(id: string): boolean {
    return this.#verdicts.get(id)?.startup ?? true;
  }

  /** Whether its readiness probe, if it has one, last succeeded. */
  isReady(id: string): boolean {
    return this.#verdicts.get(id)?.readiness ?? true;
  }

  failed(id: string): "liveness" | "startup" | undefined {
    return this.#failed.get(id);
  }

  #start(kind: ProbeKind, probe: Probe, subject: Subject): ProbeWorker {
    const { id } = subject.state;
    // Not ready and not started until a probe has said so; alive until one has said otherwise. What the API
    // knows of this very run was found by an earlier agent and holds until a probe says otherwise.
    if (kind !== "liveness") this.#set(id, kind, knownVerdict(subject, kind));
    const worker = new ProbeWorker(kind, probe, subject, {
      ...this.#options,
      isStarted: () => this.isStarted(id),
      report: (good) => this.#report(id, kind, good, uidOf(subject.pod)),
    });
    worker.start();
    return worker;
  }

  #report(id: string, kind: ProbeKind, good: boolean, podUid: string): void {
    const before = this.#verdicts.get(id)?.[kind];
    if (!good && kind !== "readiness") this.#failed.set(id, kind);
    this.#set(id, kind, good);
    if (before !== good) this.#options.onChange(podUid);
  }

  #forget(id: string): void {
    this.#verdicts.delete(id);
    this.#failed.delete(id);
  }

  #set(id: string, kind: ProbeKind, good: boolean): void {
    this.#verdicts.set(id, { ...this.#verdicts.get(id), [kind]: good });
  }
}

function knownVerdict({ pod, container, state }: Subject, kind: ProbeKind): boolean {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses]
    .find(({ name, containerID = "" }) =>
      name === container.name && containerID.endsWith(state.id)
    );
  return (kind === "readiness" ? status?.ready : status?.started) ?? false;
}

function probesOf(container: Container): [ProbeKind, Probe][] {
  const { startupProbe, livenessProbe, readinessProbe } = container;
  return [
    ...(startupProbe ? [["startup", startupProbe] as [ProbeKind, Probe]] : []),
    ...(livenessProbe ? [["liveness", livenessProbe] as [ProbeKind, Probe]] : []),
    ...(readinessProbe ? [["readiness", readinessProbe] as [ProbeKind, Probe]] : []),
  ];
}

interface WorkerOptions extends ProberOptions {
  isStarted(): boolean;
  report(good: boolean): void;
}

/** One probe of one run of a container: when it is made, and how often it must agree with itself. */
class ProbeWorker {
  subject: Subject;
  readonly #kind: ProbeKind;
  readonly #probe: Probe;
  readonly #options: WorkerOptions;
  #timer: Timer | undefined;
  #stopped = false;
  #streak = 0;
  #last: boolean | undefined;

  constructor(kind: ProbeKind, probe: Probe, subject: Subject, options: WorkerOptions) {
    this.#kind = kind;
    this.#probe = probe;
    this.subject = subject;
    this.#options = options;
  }

  start(): void {
    const { clock } = this.#options;
    const dueAt = this.subject.state.startedAt + (this.#probe.initialDelaySeconds ?? 0) * 1000;
    this.#timer = clock.after(Math.max(0, dueAt - clock.now()), () => void this.#turn());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #turn(): Promise<void> {
    const { clock, isStarted } = this.#options;
    const began = clock.monotonic();
    // Until it has started only the startup probe counts, and after that never again.
    const applies = this.#kind === "startup" ? !isStarted() : isStarted();
    if (applies) this.#take(await this.#run());
    else if (this.#kind === "startup") return;
    if (this.#stopped) return;
    const periodMs = (this.#probe.periodSeconds ?? 10) * 1000;
    const wait = applies ? periodMs - (clock.monotonic() - began) : Math.min(periodMs, 1000);
    this.#timer = clock.after(Math.max(0, wait), () => void this.#turn());
  }

  #run(): Promise<ProbeResult> {
    const { container, state, podIp } = this.subject;
    return this.#options.run(this.#probe, { container, containerId: state.id, podIp });
  }

  #take({ outcome, message }: ProbeResult): void {
    if (this.#stopped || outcome === "unknown") return;
    const good = outcome === "success";
    if (!good) this.#sayUnhealthy(message);
    this.#streak = this.#last === good ? this.#streak + 1 : 1;
    this.#last = good;
    const { successThreshold = 1, failureThreshold = 3 } = this.#probe;
    if (this.#streak < (good ? successThreshold : failureThreshold)) return;
    this.#options.report(good);
    // The container will be restarted; the next run gets its own worker.
    if (!good && this.#kind !== "readiness") this.stop();
  }

  #sayUnhealthy(message: string): void {
    const { pod, container } = this.subject;
    const kind = this.#kind[0]!.toUpperCase() + this.#kind.slice(1);
    const fieldPath = `spec.containers{${container.name}}`;
    const text = `${kind} probe failed: ${message}`;
    this.#options.events.event(pod, "Warning", "Unhealthy", text, { fieldPath });
  }
}
