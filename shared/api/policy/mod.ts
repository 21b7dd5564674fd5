import type { KindDefinition } from "../kind.ts";
import { podDisruptionBudget } from "./v1/pod_disruption_budget.ts";

/** Every kind of the `policy` group; joined with the others in `shared/api/mod.ts`. */
export const policyKinds: readonly KindDefinition[] = [
  podDisruptionBudget,
];
