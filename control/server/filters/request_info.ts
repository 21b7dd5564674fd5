import { readRequestInfo } from "../../endpoints/request_info.ts";
import type { Filter } from "../request_context.ts";

/** Reads what is asked for off the method and URL. Never touches the body. */
export function requestInfo(): Filter {
  return async (c, next) => {
    const url = new URL(c.req.url);
    c.set("query", url.searchParams);
    c.set("info", readRequestInfo(c.req.method, url.pathname, url.searchParams));
    c.set("warnings", []);
    await next();
  };
}
