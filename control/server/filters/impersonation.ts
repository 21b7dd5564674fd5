import type { Impersonator } from "../../authentication/impersonation.ts";
import type { Filter } from "../request_context.ts";
import { StreamHeaders } from "../stream_request.ts";

/** Lets a caller act as somebody else, if it may (`Impersonate-*` headers). */
export function impersonation(impersonator: Impersonator): Filter {
  return async (c, next) => {
    const user = c.get("user");
    const info = c.get("info");
    const headers: Headers | StreamHeaders = c.req.raw.headers;
    const values = headers instanceof StreamHeaders ? headers.fields : headers;
    const effective = await impersonator.effectiveUser(values, user, info);
    if (effective !== user) c.get("audit")?.impersonate(effective);
    c.set("user", effective);
    await next();
  };
}
