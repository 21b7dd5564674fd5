import type { KindDefinition, KubeObject } from "../../shared/api/kind.ts";
import { timestamp } from "../../shared/clock/clock.ts";
import type { DeleteOptions } from "../../shared/meta/types.gen.ts";
import { conflictError } from "./errors.ts";

/** What a delete request comes to. */
export type DeletionPlan =
  /** The object goes now; if it is `marked` as deleted, watchers are told so first. */
  | { readonly action: "remove"; readonly marked: boolean }
  /** The object was changed in place (deletion timestamp, finalizers) and is to be written back. */
  | { readonly action: "update" }
  /** It is being deleted already and nothing changes. */
  | { readonly action: "none" };

const orphanFinalizer = "orphan";
const foregroundFinalizer = "foregroundDeletion";

/**
 * Decides what a delete does to `object`, which belongs to the caller and is changed in place for "update".
 * Throws Conflict when a precondition does not hold. `now` is in milliseconds.
 * Source: API conventions, "Graceful deletion", "Finalizers"; garbage collection KEP-1640.
 */
export function planDeletion(
  kind: KindDefinition,
  object: KubeObject,
  { options, now }: { readonly options: Partial<DeleteOptions>; readonly now: number },
): DeletionPlan {
  checkPreconditions(kind, object, options);
  const grace = graceOf(kind, object, options);
  if (grace === "pending" && !finalizersChange(kind, object, options)) return { action: "none" };
  const finalizers = finalizersFor(kind, object, options);
  setFinalizers(object, finalizers);
  if (typeof grace === "number") {
    markDeleting(object, now, grace);
    const waits = grace > 0 || finalizers.length > 0;
    return waits ? { action: "update" } : { action: "remove", marked: true };
  }
  if (grace === "pending") return { action: "update" };
  if (finalizers.length === 0) return { action: "remove", marked: false };
  markDeleting(object, now, 0);
  return { action: "update" };
}

/** Whether an object that is being deleted has nothing left to wait for, after an update. */
export function isDeletionComplete(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  return deletionTimestamp !== undefined && (finalizers ?? []).length === 0 &&
    (deletionGracePeriodSeconds ?? 0) === 0;
}

function checkPreconditions(
  kind: KindDefinition,
  object: KubeObject,
  { preconditions }: Partial<DeleteOptions>,
): void {
  const { metadata } = object;
  const refuse = (why: string) => conflictError(kind, metadata.name ?? "", why);
  if (preconditions?.uid !== undefined && preconditions.uid !== metadata.uid) {
    throw refuse(
      `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${metadata.uid}`,
    );
  }
  const asked = preconditions?.resourceVersion;
  if (asked !== undefined && asked !== metadata.resourceVersion) {
    throw refuse(
      `Precondition failed: ResourceVersion in precondition: ${asked}, ResourceVersion in object meta: ${metadata.resourceVersion}`,
    );
  }
}

/**
 * Seconds of grace still to be granted; undefined: the kind does not go gracefully; "pending": it is going
 * already and this request does not shorten that.
 */
function graceOf(
  kind: KindDefinition,
  object: KubeObject,
  options: Partial<DeleteOptions>,
): number | "pending" | undefined {
  const { metadata } = object;
  const asked = kind.strategy.gracePeriodSeconds?.(object, options.gracePeriodSeconds);
  if (metadata.deletionTimestamp === undefined) return asked;
  const left = metadata.deletionGracePeriodSeconds;
  if (left === undefined || asked === undefined) return undefined;
  // Somebody began to remove it and did not come to the end.
  if (left === 0) return undefined;
  if (options.gracePeriodSeconds === undefined || asked >= left) return "pending";
  return asked;
}

function markDeleting(object: KubeObject, now: number, graceSeconds: number): void {
  const { metadata } = object;
  const started = metadata.deletionTimestamp === undefined
    ? now
    : Date.parse(metadata.deletionTimestamp) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
  if (metadata.deletionTimestamp === undefined && (metadata.generation ?? 0) > 0) {
    metadata.generation = metadata.generation! + 1;
  }
  metadata.deletionTimestamp = timestamp(started + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
}

function finalizersFor(
  kind: KindDefinition,
  object: KubeObject,
  options: Partial<DeleteOptions>,
): string[] {
  const current = object.metadata.finalizers ?? [];
  const policy = policyFor(kind, current, options);
  const kept = current.filter((f) => f !== orphanFinalizer && f !== foregroundFinalizer);
  if (policy === "Orphan") kept.push(orphanFinalizer);
  if (policy === "Foreground") kept.push(foregroundFinalizer);
  return kept;
}

/** The request decides; without a word from it, an earlier request; then the kind. */
function policyFor(
  kind: KindDefinition,
  finalizers: readonly string[],
  { propagationPolicy, orphanDependents }: Partial<DeleteOptions>,
): string {
  if (orphanDependents !== undefined) return orphanDependents ? "Orphan" : "Background";
  if (propagationPolicy) return propagationPolicy;
  if (finalizers.includes(orphanFinalizer)) return "Orphan";
  if (finalizers.includes(foregroundFinalizer)) return "Foreground";
  return kind.strategy.defaultPropagation ?? "Background";
}

function finalizersChange(
  kind: KindDefinition,
  object: KubeObject,
  options: Partial<DeleteOptions>,
): boolean {
  const next = finalizersFor(kind, object, options);
  const current = object.metadata.finalizers ?? [];
  return next.length !== current.length || next.some((f) => !current.includes(f));
}

function setFinalizers(object: KubeObject, finalizers: string[]): void {
  if (finalizers.length > 0) object.metadata.finalizers = finalizers;
  else delete object.metadata.finalizers;
}
