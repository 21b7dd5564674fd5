import type { ClusterRole, PolicyRule } from "../../shared/api/rbac/v1/types.gen.ts";
import { fromLabelSelector } from "../../shared/meta/labels.ts";

/**
 * The rules that `role` gets from its aggregation rule: those of every other role that a selector selects, in order
 * of names, each rule once. For the aggregation controller, which writes them into the role; `all` may contain
 * `role` itself.
 */
export function aggregatedRules(
  role: ClusterRole,
  all: readonly ClusterRole[],
): readonly PolicyRule[] {
  const rules = new Map<string, PolicyRule>();
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const matcher = fromLabelSelector(selector);
    const parts = all.filter(({ metadata }) =>
      metadata.name !== role.metadata.name && matcher.matches(metadata.labels)
    );
    parts.sort((a, b) => (a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1);
    for (const part of parts) {
      for (const rule of part.rules ?? []) rules.set(JSON.stringify(rule), rule);
    }
  }
  return [...rules.values()];
}
