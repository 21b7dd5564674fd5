import type {
  MutatingWebhook,
  ValidatingWebhook,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import { loadCel } from "../../../shared/cel/loading.ts";
import type { Authorizer } from "../../server/request_context.ts";
import { conditionsHold, PolicyCompiler } from "../policy/compiled_policy.ts";
import { Decisions } from "../policy/decisions.ts";
import type { NamedExpression } from "../policy/evaluation.ts";
import type { ConditionMatcher } from "./webhook_call.ts";

/** Judges match conditions, which are expressions of CEL; each is compiled once for a version of its configuration. */
export function conditionMatcher(authorizer: Authorizer): ConditionMatcher {
  const compiled = new WeakMap<
    MutatingWebhook | ValidatingWebhook,
    readonly NamedExpression[]
  >();
  return async (webhook, request) => {
    if ((webhook.matchConditions ?? []).length > 0) await loadCel();
    let conditions = compiled.get(webhook);
    if (!conditions) {
      conditions = new PolicyCompiler({}).conditions(webhook.matchConditions);
      compiled.set(webhook, conditions);
    }
    const known = conditions;
    const decisions = new Decisions(authorizer, request.attributes.user);
    return await decisions.run(() => conditionsHold(known, { request, decisions }));
  };
}
