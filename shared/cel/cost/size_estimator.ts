import type { DeclType } from "../types/decl_type.ts";
import type { CostRange } from "./cost_range.ts";

/**
 * How large the value at a path may be: a variable, then fields, `@items`, `@keys`, `@values`. Undefined: nothing is known.
 */
export type SizeEstimator = (path: readonly string[]) => CostRange | undefined;

/** Sizes by the schema of the variable that every path begins with (`self`, or its old state, of a custom resource). */
export function declaredSizes(root: DeclType): SizeEstimator {
  return ([, ...steps]) => {
    let at: DeclType | undefined = root;
    for (const step of steps) {
      if (step === "@items" || step === "@values") at = at?.element;
      else if (step === "@keys") at = at?.key;
      else at = at?.fields?.get(step)?.type;
    }
    return at && { min: 0, max: at.maxElements };
  };
}
