import type { Deployment, ReplicaSet } from "../../../shared/api/apps/v1/types.gen.ts";
import { shareOf } from "../pods/share_of.ts";

/** A set and the size that it should have. */
export interface Scale {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** The sets of a Deployment. `old` is in order of creation. */
export interface RolloutState {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

/** `spec.replicas`, which defaults to 1. */
export function sizeOf({ spec }: { spec: { replicas?: number | undefined } }): number {
  return spec.replicas ?? 1;
}

export function totalSize(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + sizeOf(set), 0);
}

/** Pods that may exist beyond the wanted number. */
export function surgeOf(deployment: Deployment): number {
  return limitsOf(deployment).surge;
}

/** Pods of the wanted number that may be missing. */
export function unavailableOf(deployment: Deployment): number {
  const replicas = sizeOf(deployment);
  return Math.min(limitsOf(deployment).unavailable, replicas);
}

/** Both as numbers. If both come out as 0 nothing could ever move, so one pod may be missing. */
function limitsOf(deployment: Deployment): { surge: number; unavailable: number } {
  const { strategy } = deployment.spec;
  if (strategy?.type === "Recreate") return { surge: 0, unavailable: 0 };
  const replicas = sizeOf(deployment);
  const { maxSurge = "25%", maxUnavailable = "25%" } = strategy?.rollingUpdate ?? {};
  const surge = shareOf(maxSurge, replicas, "up");
  const unavailable = shareOf(maxUnavailable, replicas, "down");
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** The size of the current set in the next step of a rollout, given the size that it has now. */
export function nextCurrentSize(
  deployment: Deployment,
  now: number,
  old: readonly ReplicaSet[],
): number {
  const want = sizeOf(deployment);
  if (now >= want || deployment.spec.strategy?.type === "Recreate") return want;
  const room = want + surgeOf(deployment) - (now + totalSize(old));
  return now + Math.max(0, Math.min(room, want - now));
}

/**
 * One step of taking down old sets, without going below the pods that must be available: first pods that are not
 * available anyway, oldest set first, then available ones.
 */
export function scaleDownOld(deployment: Deployment, state: RolloutState): readonly Scale[] {
  const { current, old } = state;
  const all = current ? [current, ...old] : old;
  const mustBe = sizeOf(deployment) - unavailableOf(deployment);
  const starting = current ? sizeOf(current) - (current.status?.availableReplicas ?? 0) : 0;
  const room = totalSize(all) - mustBe - starting;
  if (room <= 0) return [];
  const sizes = new Map(old.map((set) => [set, sizeOf(set)]));
  takeUnavailable(sizes, room);
  const available = all.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0);
  takeAny(sizes, available - mustBe);
  return [...sizes].filter(([set, size]) => size !== sizeOf(set))
    .map(([set, replicas]) => ({ set, replicas }));
}

function takeUnavailable(sizes: Map<ReplicaSet, number>, room: number): void {
  let left = room;
  for (const [set, size] of sizes) {
    const take = Math.min(left, size - (set.status?.availableReplicas ?? 0));
    if (take <= 0) continue;
    sizes.set(set, size - take);
    left -= take;
  }
}

function takeAny(sizes: Map<ReplicaSet, number>, room: number): void {
  let left = room;
  for (const [set, size] of sizes) {
    const take = Math.min(left, size);
    if (take <= 0) continue;
    sizes.set(set, size - take);
    left -= take;
  }
}

/**
 * The sizes after the Deployment itself was scaled. In the middle of a rollout each active set gets its share, so that
 * the risk stays spread as it was; what rounding leaves goes to the largest.
 */
export function scaleAll(
  deployment: Deployment,
  state: RolloutState,
  maxWhenLastScaled: (set: ReplicaSet) => number | undefined,
): readonly Scale[] {
  const { current, old } = state;
  const all = current ? [...old, current] : [...old];
  const active = all.filter((set) => sizeOf(set) > 0);
  if (active.length <= 1) {
    const only = active[0] ?? current ?? old.at(-1);
    return only ? [{ set: only, replicas: sizeOf(deployment) }] : [];
  }
  if (current && isSaturated(deployment, current)) {
    return old.filter((set) => sizeOf(set) > 0).map((set) => ({ set, replicas: 0 }));
  }
  if (deployment.spec.strategy?.type === "Recreate") return [];
  return proportional(deployment, active, maxWhenLastScaled);
}

/** Whether the current set alone is all that is wanted. */
function isSaturated(deployment: Deployment, current: ReplicaSet): boolean {
  const want = sizeOf(deployment);
  return sizeOf(current) === want && current.status?.availableReplicas === want;
}

function proportional(
  deployment: Deployment,
  active: readonly ReplicaSet[],
  maxWhenLastScaled: (set: ReplicaSet) => number | undefined,
): readonly Scale[] {
  const want = sizeOf(deployment);
  const most = want > 0 ? want + surgeOf(deployment) : 0;
  const add = most - totalSize(active);
  // Growing favours new sets, shrinking spares them; `active` is in order of creation.
  const order = (add > 0 ? active.toReversed() : [...active])
    .sort((a, b) => sizeOf(b) - sizeOf(a));
  let added = 0;
  const scales = order.map((set) => {
    const size = sizeOf(set);
    const before = maxWhenLastScaled(set) || deployment.status?.replicas || totalSize(active);
    const share = want === 0 ? -size : Math.round(size * most / before) - size;
    const left = add - added;
    const change = add > 0
      ? Math.min(Math.max(share, 0), left)
      : Math.max(Math.min(share, 0), left);
    added += change;
    return { set, replicas: size + change };
  });
  const [first, ...rest] = scales;
  return [{ ...first!, replicas: Math.max(0, first!.replicas + add - added) }, ...rest];
}

/** Old sets that the history limit gives up: fully scaled down, seen by their controller, lowest revision first. */
export function setsToForget(
  deployment: Deployment,
  old: readonly ReplicaSet[],
  revisionOf: (set: ReplicaSet) => number,
): readonly ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const kept = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const excess = kept.length - limit;
  if (excess <= 0) return [];
  return kept.toSorted((a, b) => revisionOf(a) - revisionOf(b)).slice(0, excess)
    .filter((set) =>
      sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0 &&
      (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0)
    );
}
