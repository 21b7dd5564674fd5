import { Hono } from "hono";
import { StatusError } from "../../shared/meta/status_error.ts";
import type { Log } from "../../shared/log/log.ts";
import { negotiate, type Negotiated } from "../endpoints/negotiation.ts";
import { notFoundPage } from "../endpoints/not_found_page.ts";
import { respondError } from "../endpoints/respond.ts";
import { StorageError } from "../storage/storage.ts";
import { authentication } from "./filters/authentication.ts";
import { authorization } from "./filters/authorization.ts";
import { audit, auditIdentity, type AuditOptions } from "./filters/audit.ts";
import { flowControl, type FlowControlOptions } from "./filters/flow_control.ts";
import { maxInFlight, type MaxInFlightOptions } from "./filters/max_in_flight.ts";
import { requestDeadline, type RequestDeadlineOptions } from "./filters/request_deadline.ts";
import { requestInfo } from "./filters/request_info.ts";
import { warnings } from "./filters/warnings.ts";
import type { Authenticator, Authorizer, Env, Filter, RequestContext } from "./request_context.ts";

export interface HandlerChainOptions {
  readonly authenticator: Authenticator;
  /** Replaces the user by the one impersonated; placed after authentication. */
  readonly impersonation: Filter;
  readonly authorizer: Authorizer;
  /** Absent: nothing is recorded. */
  readonly audit?: AuditOptions | undefined;
  readonly deadline: RequestDeadlineOptions;
  /** Who is served when there is more to do than can be done. */
  readonly limits: FlowControlOptions | MaxInFlightOptions;
  /** Counts and times requests; outermost. */
  readonly observe: Filter;
  /** Answers for the groups that other servers serve; undefined for what is ours. */
  readonly aggregated: (c: RequestContext) => Promise<Response | undefined>;
  /** Answers requests for resources. */
  readonly resources: (c: RequestContext) => Promise<Response>;
  /** Answers everything else; undefined for a path that names nothing. */
  readonly paths: (c: RequestContext) => Promise<Response | undefined>;
  readonly log: Log;
}

/** Outermost first. The order is the security argument: nobody unknown or unpermitted gets a body read. */
export function filters(options: HandlerChainOptions): readonly Filter[] {
  return [
    options.observe,
    requestInfo(),
    requestDeadline(options.deadline),
    warnings(),
    ...(options.audit ? [auditIdentity(options.audit)] : []),
    authentication(options.authenticator),
    ...(options.audit ? [audit(options.audit)] : []),
    options.impersonation,
    "flows" in options.limits ? flowControl(options.limits) : maxInFlight(options.limits),
    authorization(options.authorizer),
  ];
}

/** The API server as a Hono app: filters, then the handler that the path asks for. */
export function newApp(options: HandlerChainOptions): Hono<Env> {
  const app = new Hono<Env>();
  for (const filter of filters(options)) app.use(filter);
  app.all("*", async (c) => {
    const remote = await options.aggregated(c);
    if (remote) return remote;
    if (c.get("info").isResource) return await options.resources(c);
    return await options.paths(c) ?? notFoundPage();
  });
  app.onError((error, c) => {
    const refusal = toStatusError(error, options.log, c.req.path);
    return respondError(formOf(c), refusal);
  });
  return app;
}

/** Refusals go out as they are; anything else is a bug, logged once and answered 500. */
function toStatusError(error: unknown, log: Log, path: string): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof StorageError) return storageRefusal(error);
  log.error("Request failed", error, { path });
  return new StatusError("InternalError", "Internal error occurred", { cause: error });
}

function storageRefusal(error: StorageError): StatusError {
  if (error.code === "Unavailable" || error.code === "Closed") {
    return new StatusError("ServiceUnavailable", "the store cannot take writes at the moment", {
      cause: error,
      details: { retryAfterSeconds: 1 },
    });
  }
  return new StatusError("Conflict", error.message, { cause: error });
}

/** Errors are written as the client asked for the answer, unless that is what was refused. */
function formOf(c: RequestContext): Negotiated | undefined {
  try {
    return negotiate(c.req.header("accept"), new URL(c.req.url).searchParams);
  } catch {
    return undefined;
  }
}
