import type { Impersonator } from "../../authentication/impersonation.ts";
import type { Filter } from "../request_context.ts";

/** Lets a caller act as somebody else, if it may (`Impersonate-*` headers). */
export function impersonation(impersonator: Impersonator): Filter {
  return async (c, next) => {
    const { user, info } = c.var;
    c.set("user", await impersonator.effectiveUser(c.req.raw.headers, user, info));
    await next();
  };
}
