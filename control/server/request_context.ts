import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Context, MiddlewareHandler } from "hono";
import type { AuditRecord } from "../audit/audit_record.ts";

/** What the URL and method alone say about a request. Authorization may read this and nothing else. */
export interface RequestInfo {
  readonly isResource: boolean;
  /** Kubernetes verb for resources (`get`, `list`, `watch`, `deletecollection`, …), lower-case method otherwise. */
  readonly verb: string;
  readonly path: string;
  /** "" for the core group; also for non-resource requests. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** What follows the subresource, for proxies. */
  readonly rest: string;
  readonly namespace: string;
  readonly name: string;
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
}

/** Who is asking. */
export interface UserInfo {
  readonly name: string;
  readonly uid?: string | undefined;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const anonymous: UserInfo = { name: "system:anonymous", groups: ["system:unauthenticated"] };

export interface Env {
  Variables: {
    info: RequestInfo;
    /** Of the URL, read once. */
    query: URLSearchParams;
    user: UserInfo;
    /** `Warning` header texts collected on the way. */
    warnings: string[];
    /** The answer's form, once it is agreed on; errors are written in it too. */
    negotiated: unknown;
    /** The request's name in audit events and when it came, in wall-clock milliseconds; if there is an audit. */
    arrival?: { readonly id: string; readonly received: number };
    /** Present if the request is recorded. */
    audit?: AuditRecord;
  };
  Bindings: {
    /** Set by transports inside the process, which have authenticated already. */
    user?: UserInfo;
    /** DER of the client certificate, if TLS verified it against the client CA. */
    clientCertificate?: Uint8Array | undefined;
    /** The address at the other end of the connection. */
    peerAddress?: string | undefined;
    /** Present if the client asked to upgrade the connection. */
    upgrade?: Upgrade;
  };
}
/**
 * A connection that its client wants to speak another protocol on. A handler that accepts calls `take` and owns the
 * socket from then on; its Response is then ignored. Otherwise the Response goes out and the connection ends.
 */
export interface Upgrade {
  /** Names of the protocols asked for, e.g. `websocket`, `SPDY/3.1`. */
  readonly protocol: string;
  take(): { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Uint8Array };
}

export type Filter = MiddlewareHandler<Env>;
export type RequestContext = Context<Env>;

/** Answers who sent a request. `undefined` means "not mine": the next is asked. Throws `Unauthorized` for bad credentials. */
export interface Authenticator {
  readonly name: string;
  authenticate(request: AuthenticationRequest): Promise<UserInfo | undefined>;
}
export interface AuthenticationRequest {
  readonly path: string;
  header(name: string): string | undefined;
  headers(): Iterable<readonly [name: string, value: string]>;
  /** DER of the client certificate if TLS verified it against the client CA. */
  readonly clientCertificate?: Uint8Array | undefined;
}

export type Decision =
  | { readonly decision: "Allow"; readonly reason?: string }
  | { readonly decision: "Deny"; readonly reason?: string }
  /** Somebody else may allow it. */
  | { readonly decision: "NoOpinion"; readonly reason?: string };

/** Says whether `user` may do what `info` describes. Reads from memory: it must cost microseconds. */
export interface Authorizer {
  readonly name: string;
  authorize(user: UserInfo, info: RequestInfo): Decision | Promise<Decision>;
}
