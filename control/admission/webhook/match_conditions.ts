import type { ConditionMatcher } from "./webhook_call.ts";

/** Judges match conditions, which are expressions of CEL. */
export function conditionMatcher(): ConditionMatcher {
  return () => {
    throw new Error("match conditions are not supported");
  };
}
