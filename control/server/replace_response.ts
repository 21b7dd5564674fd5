import type { RequestContext } from "./request_context.ts";

/**
 * Sends `response` in place of the one that there is. Setting `c.res` over another would make a response of the
 * framework's own, which has lost its direct body.
 */
export function replaceResponse(c: RequestContext, response: Response): void {
  if (c.res === response) return;
  c.res = undefined;
  c.res = response;
}
