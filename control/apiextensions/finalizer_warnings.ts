import type { KubeObject } from "../../shared/api/kind.ts";
import { isQualifiedName } from "../../shared/meta/names.ts";

const standard: ReadonlySet<string> = new Set(["orphan", "foregroundDeletion", "kubernetes"]);
const path = "metadata.finalizers";

/** Finalizers that may be mistaken for somebody else's; custom resources are only warned of them. */
export function finalizerWarnings(object: KubeObject, old?: KubeObject): readonly string[] {
  const known = new Set(old?.metadata.finalizers);
  const added = new Set((object.metadata.finalizers ?? []).filter((name) => !known.has(name)));
  return [...added].sort().flatMap((name) => {
    const quoted = `${path}: ${JSON.stringify(name)}`;
    const warnings = isQualifiedName(name).map((message) => `${quoted}: ${message}`);
    if (name.includes("/") || standard.has(name)) return warnings;
    const form = name.includes(".")
      ? "a domain-qualified finalizer name including a path (/)"
      : "a domain-qualified finalizer name";
    const advice = `prefer ${form} to avoid accidental conflicts with other finalizer writers`;
    return [...warnings, `${quoted}: ${advice}`];
  });
}
