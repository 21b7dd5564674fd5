import { forbiddenError } from "../../authorization/forbidden.ts";
import type { Authorizer, Filter } from "../request_context.ts";

/** Lets pass only what the authorizer allows. Knows the URL and the user, never the body. */
export function authorization(authorizer: Authorizer): Filter {
  return async (c, next) => {
    const user = c.get("user");
    const info = c.get("info");
    const decision = await authorizer.authorize(user, info);
    const allowed = decision.decision === "Allow";
    const record = c.get("audit");
    if (record) {
      record.annotate("authorization.k8s.io/decision", allowed ? "allow" : "forbid");
      record.annotate("authorization.k8s.io/reason", decision.reason ?? "");
    }
    if (!allowed) throw forbiddenError(user, info, decision);
    await next();
  };
}
