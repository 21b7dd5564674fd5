import { isDeepStrictEqual } from "node:util";
import type { ClusterRole, PolicyRule } from "../../shared/api/rbac/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { fromLabelSelector } from "../../shared/meta/labels.ts";
import { type ControllerDefinition, done } from "./controller.ts";

/** Fills ClusterRoles that have an aggregation rule (`admin`, `edit`, `view`, …) with the rules of those they select. */
export const clusterRoleAggregationController: ControllerDefinition = {
  name: "clusterrole-aggregation",
  account: "clusterrole-aggregation-controller",
  setup({ client, informers, enqueue }) {
    const roles = informers.of(resources.clusterroles);
    roles.onChange(() => {
      for (const role of roles.list()) if (role.aggregationRule) enqueue(role.metadata.name!);
    });
    return async (key) => {
      const role = roles.get(key);
      if (!role?.aggregationRule) return done;
      const rules = aggregatedRules(role, roles.list());
      if (isDeepStrictEqual(rules, role.rules ?? [])) return done;
      await client.update(resources.clusterroles, { ...role, rules: [...rules] });
      return done;
    };
  },
};

/** The rules of all selected roles, in the order of their names, each once. */
export function aggregatedRules(
  role: ClusterRole,
  all: readonly ClusterRole[],
): readonly PolicyRule[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(fromLabelSelector);
  const selected = all.filter(({ metadata: { name, labels } }) =>
    name !== role.metadata.name && selectors.some((selector) => selector.matches(labels))
  );
  const byName = selected.toSorted((a, b) => a.metadata.name! < b.metadata.name! ? -1 : 1);
  const seen = new Map<string, PolicyRule>();
  for (const rule of byName.flatMap(({ rules }) => rules ?? [])) {
    const id = JSON.stringify(rule);
    if (!seen.has(id)) seen.set(id, rule);
  }
  return [...seen.values()];
}
