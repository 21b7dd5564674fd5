import type { Authenticator, Filter } from "../request_context.ts";
import { anonymous } from "../request_context.ts";

/** Finds out who is asking. Throws Unauthorized (from the authenticator) for bad credentials. */
export function authentication(authenticator: Authenticator): Filter {
  return async (c, next) => {
    // Transports inside the process have authenticated their peer already.
    const user = c.env?.user ?? await authenticator.authenticate({
      path: c.get("info").path,
      header: (name) => c.req.header(name),
      headers: () => c.req.raw.headers,
      clientCertificate: c.env?.clientCertificate,
    });
    c.set("user", user ?? anonymous);
    await next();
  };
}
