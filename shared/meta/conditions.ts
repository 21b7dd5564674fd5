/** What all condition types of the API have in common; most have `reason` and `message` as well. */
export interface ConditionLike {
  type: string;
  status: string;
  lastTransitionTime?: string | undefined;
  reason?: string | undefined;
  message?: string | undefined;
}

/** The condition of a type, if there is one. */
export function findCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether the condition is there and `True`. */
export function isConditionTrue(
  conditions: readonly ConditionLike[] | undefined,
  type: string,
): boolean {
  return findCondition(conditions, type)?.status === "True";
}

/** A condition to set; its transition time may be left to `setCondition`. */
export type NewCondition<C> = Omit<C, "lastTransitionTime"> & {
  readonly lastTransitionTime?: string | undefined;
};

/**
 * A new list in which the condition of `condition.type` is `condition`; the others stay in their order. Its
 * `lastTransitionTime` stays if the status does, otherwise it is the one given or `now` (a `metav1.Time`). If nothing
 * but times would change, the same list comes back, so `===` tells whether there is something to write.
 */
export function setCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  condition: NewCondition<C>,
  now: string,
): readonly C[] {
  const list = conditions ?? [];
  const next = condition as unknown as C;
  const index = list.findIndex((known) => known.type === next.type);
  const old = list[index];
  if (old && isSame(old, next)) return list;
  const keeps = old?.status === next.status && old.lastTransitionTime !== undefined;
  const lastTransitionTime = keeps ? old.lastTransitionTime : next.lastTransitionTime ?? now;
  const timed = { ...next, lastTransitionTime };
  return old ? list.with(index, timed) : [...list, timed];
}

/** A list without the condition of a type; the same list if there is none. */
export function removeCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  type: string,
): readonly C[] {
  const list = conditions ?? [];
  return findCondition(list, type) ? list.filter((condition) => condition.type !== type) : list;
}

const times: readonly string[] = [
  "lastTransitionTime",
  "lastUpdateTime",
  "lastProbeTime",
  "lastHeartbeatTime",
];

/** Whether two conditions say the same, times aside. */
function isSame(a: ConditionLike, b: ConditionLike): boolean {
  const left = a as unknown as Record<string, unknown>;
  const right = b as unknown as Record<string, unknown>;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => times.includes(key) || left[key] === right[key]);
}
