import type { ContainerStatus, Pod, PodCondition } from "../../shared/api/core/v1/types.gen.ts";
import type { PodPhase } from "./pod_phase.ts";

export interface ConditionInput {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly init: readonly ContainerStatus[];
  readonly app: readonly ContainerStatus[];
  readonly sandboxReady: boolean;
  /** `metav1.Time` of now. */
  readonly now: string;
}

type Verdict = Pick<PodCondition, "status" | "reason" | "message">;

/** The conditions that the node answers for; those of others are left alone. */
export function podConditions(input: ConditionInput): PodCondition[] {
  const containersReady = containersReadyOf(input);
  const verdicts: readonly [string, Verdict][] = [
    ["PodReadyToStartContainers", { status: input.sandboxReady ? "True" : "False" }],
    ["Initialized", initializedOf(input)],
    ["Ready", readyOf(input, containersReady)],
    ["ContainersReady", containersReady],
    ["PodScheduled", { status: "True" }],
  ];
  return verdicts.map(([type, verdict]) => condition(type, verdict, input));
}

function condition(type: string, verdict: Verdict, { pod, now }: ConditionInput): PodCondition {
  const before = pod.status?.conditions?.find((one) => one.type === type);
  const since = before?.status === verdict.status ? before.lastTransitionTime : undefined;
  return {
    type,
    ...verdict,
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    lastTransitionTime: since ?? now,
  };
}

function initializedOf({ pod, phase, init, app }: ConditionInput): Verdict {
  if (phase === "Succeeded") return { status: "True", reason: "PodCompleted" };
  // Sidecars may be restarted later without the pod being uninitialized again.
  if (
    app.some(({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated)
  ) {
    return { status: "True" };
  }
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always")
      .map(({ name }) => name),
  );
  const incomplete = init.filter(({ name, started, state }) =>
    sidecars.has(name) ? !started : state?.terminated?.exitCode !== 0
  );
  if (incomplete.length === 0) return { status: "True" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const names = incomplete.map(({ name }) => name).join(" ");
  return {
    status: "False",
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${names}]`,
  };
}

function containersReadyOf({ pod, phase, init, app }: ConditionInput): Verdict {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always")
      .map(({ name }) => name),
  );
  const unready = [...init.filter(({ name }) => sidecars.has(name)), ...app]
    .filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { status: "True" };
  return {
    status: "False",
    reason: "ContainersNotReady",
    message: `containers with unready status: [${unready.join(" ")}]`,
  };
}

function readyOf({ pod }: ConditionInput, containersReady: Verdict): Verdict {
  if (containersReady.status !== "True") return containersReady;
  const problems: string[] = [];
  for (const { conditionType } of pod.spec?.readinessGates ?? []) {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (!gate) {
      problems.push(
        `corresponding condition of pod readiness gate "${conditionType}" does not exist.`,
      );
    } else if (gate.status !== "True") {
      problems.push(
        `the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`,
      );
    }
  }
  if (problems.length === 0) return { status: "True" };
  return { status: "False", reason: "ReadinessGatesNotReady", message: problems.join(", ") };
}
