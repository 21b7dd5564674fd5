import type { ContainerStatus, Pod } from "../../shared/api/core/v1/types.gen.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

/**
 * The phase that the statuses of a pod's containers add up to. `isTerminal` says that nothing of it will ever run
 * again (it was deleted, evicted or overran its deadline), so that what has ended counts as the end.
 */
export function phaseOf(
  pod: Pod,
  statuses: {
    readonly init: readonly ContainerStatus[];
    readonly app: readonly ContainerStatus[];
  },
  isTerminal: boolean,
): PodPhase {
  const policy = pod.spec?.restartPolicy ?? "Always";
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always")
      .map(({ name }) => name),
  );
  const regular = statuses.init.filter(({ name }) => !sidecars.has(name));
  const pendingSidecar = statuses.init.some((status) =>
    sidecars.has(status.name) && !status.started && !status.state?.terminated
  );
  const initFailed = regular.some(({ state }) =>
    state?.terminated && state.terminated.exitCode !== 0
  );
  const initPending = regular.some(({ state }) => !state?.terminated);
  if (initFailed && policy === "Never") return "Failed";
  const counts = count(statuses.app);
  if (isTerminal && counts.running === 0) {
    const clean = counts.stopped > 0 && counts.stopped === counts.succeeded && counts.waiting === 0;
    return clean ? "Succeeded" : "Failed";
  }
  const begun = counts.running + counts.stopped > 0;
  if ((initFailed || initPending || pendingSidecar) && !begun) return "Pending";
  if (counts.waiting > 0) return "Pending";
  if (counts.running > 0) return "Running";
  if (counts.stopped === 0) return "Pending";
  if (counts.restartable > 0) return "Running";
  return counts.stopped === counts.succeeded ? "Succeeded" : "Failed";

  function count(app: readonly ContainerStatus[]) {
    const sums = { running: 0, stopped: 0, succeeded: 0, waiting: 0, restartable: 0 };
    for (const { name, state, lastState } of app) {
      const ended = state?.terminated ?? (state?.running ? undefined : lastState?.terminated);
      if (state?.running) sums.running++;
      else if (ended) {
        sums.stopped++;
        if (ended.exitCode === 0) sums.succeeded++;
        if (state?.waiting || mayRestart(name, ended.exitCode)) sums.restartable++;
      } else sums.waiting++;
    }
    return sums;
  }

  function mayRestart(name: string, code: number): boolean {
    const own = pod.spec?.containers.find((container) => container.name === name);
    const effective = own?.restartPolicy ?? policy;
    return effective === "Always" || (effective === "OnFailure" && code !== 0);
  }
}
