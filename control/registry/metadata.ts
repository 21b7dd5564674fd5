import type { KindDefinition, KubeObject } from "../../shared/api/kind.ts";
import { nameSuffix, type Random } from "../../shared/clock/random.ts";
import type { OwnerReference } from "../../shared/meta/types.gen.ts";
import { sameJson } from "../../shared/schema/same_json.ts";

export { sameJson };

/** The longest name a generated one may have (RFC 1123 label, as the reference keeps it). */
const maxGeneratedName = 63;
const suffixLength = 5;

/** Makes a name from `generateName`; the prefix is cut so that the whole stays a label. */
export function generateName(prefix: string, random: Random): string {
  return prefix.slice(0, maxGeneratedName - suffixLength) + nameSuffix(random, suffixLength);
}

/** Drops from a new object what no client may set, before anybody comes to own it. */
export function wipeMetadata({ metadata }: KubeObject): void {
  delete metadata.uid;
  delete metadata.creationTimestamp;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
}

/** What the server alone decides on a new object: identity, time, generation. */
export function fillNewMetadata(
  kind: KindDefinition,
  object: KubeObject,
  { random, now, namespace }: {
    readonly random: Random;
    readonly now: string;
    readonly namespace: string;
  },
): void {
  const { metadata } = object;
  if (kind.scope === "Namespaced") metadata.namespace = namespace;
  else delete metadata.namespace;
  metadata.uid = random.uuid();
  metadata.creationTimestamp = now;
  if (kind.strategy.generationOf) metadata.generation = 1;
}

/** What no update may change, whatever it says. */
export function keepMetadata(object: KubeObject, old: KubeObject): void {
  const { metadata } = object;
  const before = old.metadata;
  if (!metadata.uid) set(metadata, "uid", before.uid);
  set(metadata, "creationTimestamp", before.creationTimestamp ?? metadata.creationTimestamp);
  set(metadata, "deletionTimestamp", before.deletionTimestamp);
  set(metadata, "deletionGracePeriodSeconds", before.deletionGracePeriodSeconds);
  set(metadata, "generation", before.generation);
  delete metadata.selfLink;
}

/** Counts the change if what the kind counts has changed. */
export function countGeneration(kind: KindDefinition, object: KubeObject, old: KubeObject): void {
  const counted = kind.strategy.generationOf;
  if (!counted) return;
  if (sameJson(counted(object), counted(old))) return;
  object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

function set<T extends object, K extends keyof T>(
  target: T,
  key: K,
  value: T[K] | undefined,
): void {
  if (value === undefined) delete target[key];
  else target[key] = value as T[K];
}

/** Drops repeated owner references; returns the warnings to give, as the reference does since 1.20. */
export function dedupOwnerReferences(object: KubeObject, afterAdmission: boolean): string[] {
  const references = object.metadata.ownerReferences;
  if (!references || references.length < 2) return [];
  const seen = new Set<string>();
  const kept: OwnerReference[] = [];
  const doubled: string[] = [];
  for (const reference of references) {
    const text = JSON.stringify(reference);
    if (seen.has(text)) doubled.push(reference.uid);
    else kept.push(reference);
    seen.add(text);
  }
  if (doubled.length === 0) return [];
  object.metadata.ownerReferences = kept;
  const when = afterAdmission ? " after mutating admission happens" : "";
  return [
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${
      doubled.join(", ")
    }`,
  ];
}
