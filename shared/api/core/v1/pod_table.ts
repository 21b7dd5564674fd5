import { ageColumn, ageSince, nameColumn } from "../../table_columns.ts";
import type { Column } from "../../kind.ts";
import type { ContainerState, ContainerStatus, Pod } from "./types.gen.ts";

/** The columns of `kubectl get pods`. */
export const podTableColumns: readonly Column<Pod>[] = [
  nameColumn(),
  { name: "Ready", type: "string", cell: (pod, now) => summaryOf(pod, now).ready },
  { name: "Status", type: "string", cell: (pod, now) => summaryOf(pod, now).reason },
  { name: "Restarts", type: "string", cell: (pod, now) => summaryOf(pod, now).restarts },
  ageColumn(),
  {
    name: "IP",
    type: "string",
    priority: 1,
    cell: (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || "<none>",
  },
  { name: "Node", type: "string", priority: 1, cell: (pod) => pod.spec?.nodeName || "<none>" },
  {
    name: "Nominated Node",
    type: "string",
    priority: 1,
    cell: (pod) => pod.status?.nominatedNodeName || "<none>",
  },
  { name: "Readiness Gates", type: "string", priority: 1, cell: readinessGates },
];

interface Summary {
  readonly ready: string;
  readonly reason: string;
  readonly restarts: string;
}

/** Restarts so far, and when the last of them was. */
interface Restarts {
  count: number;
  last: number;
}

function summaryOf(pod: Pod, now: number): Summary {
  const { spec, status } = pod;
  const sidecars = new Set(
    (spec?.initContainers ?? []).filter((c) => c.restartPolicy === "Always").map((c) => c.name),
  );
  const init = initProgress(pod, sidecars);
  const main = init.reason === undefined || isInitialized(pod) ? mainProgress(pod, init) : init;
  let reason = main.reason ?? phaseOf(pod);
  if (pod.metadata.deletionTimestamp) {
    if (status?.reason === "NodeLost") reason = "Unknown";
    else if (!isFinished(status?.phase)) reason = "Terminating";
  }
  const total = (spec?.containers?.length ?? 0) + sidecars.size;
  const { count, last } = main.restarts;
  return {
    ready: `${main.ready}/${total}`,
    reason,
    restarts: count > 0 && last > 0
      ? `${count} (${ageSince(new Date(last).toISOString(), now)} ago)`
      : String(count),
  };
}

interface Progress {
  readonly reason: string | undefined;
  readonly ready: number;
  readonly restarts: Restarts;
}

function phaseOf({ status }: Pod): string {
  const gated = status?.conditions?.some((condition) =>
    condition.type === "PodScheduled" && condition.reason === "SchedulingGated"
  );
  const phase = gated ? "SchedulingGated" : status?.phase ?? "";
  return status?.reason || phase;
}

interface InitProgress extends Progress {
  readonly sidecarRestarts: Restarts;
}

/** What the first unfinished init container is doing; `reason` is undefined once all have done their part. */
function initProgress(pod: Pod, sidecars: ReadonlySet<string>): InitProgress {
  const statuses = pod.status?.initContainerStatuses ?? [];
  const restarts: Restarts = { count: 0, last: 0 };
  const sidecarRestarts: Restarts = { count: 0, last: 0 };
  let ready = 0;
  for (const [i, container] of statuses.entries()) {
    addRestarts(restarts, container);
    const isSidecar = sidecars.has(container.name);
    if (isSidecar) addRestarts(sidecarRestarts, container);
    const { terminated, waiting } = container.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (isSidecar && container.started) {
      if (container.ready) ready++;
      continue;
    }
    const reason = terminated
      ? `Init:${terminatedReason(terminated)}`
      : waiting?.reason && waiting.reason !== "PodInitializing"
      ? `Init:${waiting.reason}`
      : `Init:${i}/${pod.spec?.initContainers?.length ?? 0}`;
    return { reason, ready, restarts, sidecarRestarts };
  }
  return { reason: undefined, ready, restarts, sidecarRestarts };
}

function isInitialized({ status }: Pod): boolean {
  return status?.conditions?.some((c) => c.type === "Initialized" && c.status === "True") ?? false;
}

function mainProgress(pod: Pod, init: InitProgress): Progress {
  const restarts = { ...init.sidecarRestarts };
  let { ready } = init;
  let reason = init.reason;
  let isRunning = false;
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    addRestarts(restarts, container);
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated) reason = terminatedReason(terminated);
    else if (container.ready && running) {
      isRunning = true;
      ready++;
    }
  }
  // A finished container beside running ones does not make the pod look finished.
  if ((reason ?? phaseOf(pod)) === "Completed" && isRunning) {
    reason = isReady(pod) ? "Running" : "NotReady";
  }
  return { reason, ready, restarts };
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;
}

function isFinished(phase: string | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

function terminatedReason(state: NonNullable<ContainerState["terminated"]>): string {
  if (state.reason) return state.reason;
  return state.signal ? `Signal:${state.signal}` : `ExitCode:${state.exitCode}`;
}

function addRestarts(restarts: Restarts, container: ContainerStatus): void {
  restarts.count += container.restartCount;
  const finished = container.lastState?.terminated?.finishedAt;
  if (finished) restarts.last = Math.max(restarts.last, Date.parse(finished));
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = gates.filter((gate) =>
    status?.conditions?.some((c) => c.type === gate.conditionType && c.status === "True")
  );
  return `${met.length}/${gates.length}`;
}
