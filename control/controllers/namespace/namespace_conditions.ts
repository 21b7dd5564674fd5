import type { NamespaceCondition } from "../../../shared/api/core/v1/types.gen.ts";
import type { Remaining } from "./content.ts";

/** How far the deletion of a namespace has come, in words that users wait for. */
export function namespaceConditions(
  remaining: Remaining,
  discoveryError: string | undefined,
): readonly NamespaceCondition[] {
  const { counts, finalizers, errors } = remaining;
  return [
    condition("NamespaceDeletionDiscoveryFailure", {
      problem: discoveryError,
      reason: "DiscoveryFailed",
      well: ["ResourcesDiscovered", "All resources successfully discovered"],
    }),
    condition("NamespaceDeletionGroupVersionParsingFailure", {
      problem: undefined,
      reason: "GroupVersionParsingFailed",
      well: ["ParsedGroupVersions", "All legacy kube types successfully parsed"],
    }),
    condition("NamespaceDeletionContentFailure", {
      problem: errors.length === 0
        ? undefined
        : `Failed to delete all resource types, ${errors.length} remaining: ${errors.join(", ")}`,
      reason: "ContentDeletionFailed",
      well: ["ContentDeleted", "All content successfully deleted, may be waiting on finalization"],
    }),
    condition("NamespaceContentRemaining", {
      problem: listed(
        counts,
        "Some resources are remaining: ",
        (kind, n) => `${kind} has ${n} resource instances`,
      ),
      reason: "SomeResourcesRemain",
      well: ["ContentRemoved", "All content successfully removed"],
    }),
    condition("NamespaceFinalizersRemaining", {
      problem: listed(
        finalizers,
        "Some content in the namespace has finalizers remaining: ",
        (name, n) => `${name} in ${n} resource instances`,
      ),
      reason: "SomeFinalizersRemain",
      well: ["ContentHasNoFinalizers", "All content-preserving finalizers finished"],
    }),
  ];
}

interface Finding {
  readonly problem: string | undefined;
  readonly reason: string;
  readonly well: readonly [reason: string, message: string];
}

function condition(type: string, { problem, reason, well }: Finding): NamespaceCondition {
  return problem === undefined
    ? { type, status: "False", reason: well[0], message: well[1] }
    : { type, status: "True", reason, message: problem };
}

function listed(
  counts: ReadonlyMap<string, number>,
  head: string,
  line: (name: string, count: number) => string,
): string | undefined {
  if (counts.size === 0) return undefined;
  return head + [...counts].map(([name, count]) => line(name, count)).sort().join(", ");
}
