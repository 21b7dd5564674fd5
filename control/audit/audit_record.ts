import { type Clock, microTimestamp } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import type { Status } from "../../shared/meta/types.gen.ts";
import { describeUser } from "../authorization/reviews.ts";
import type { RequestInfo, UserInfo } from "../server/request_context.ts";
import {
  atLeast,
  type AuditBackend,
  type AuditEvent,
  type AuditMetrics,
  type Level,
  type ObjectReference,
  type Stage,
} from "./event.ts";
import type { AuditDecision } from "./policy.ts";

/** What is known of a request before anything is done for it. */
export interface AuditedRequest {
  readonly id: string;
  readonly uri: string;
  readonly info: RequestInfo;
  readonly user: UserInfo | undefined;
  readonly sourceIPs: readonly string[];
  readonly userAgent: string;
  /** When it came, in wall-clock milliseconds. */
  readonly received: number;
}

export interface RecordDeps {
  readonly backend: AuditBackend;
  readonly metrics: AuditMetrics;
  readonly clock: Clock;
  readonly log: Log;
}

/** The text of a User-Agent is cut here, as the reference does. */
const maxUserAgent = 1024;

/**
 * The events of one request, as its policy wants them. Filters and handlers tell it what they know; it keeps nothing
 * that is beyond the level, so that a body that must not be recorded is never held.
 */
export class AuditRecord {
  readonly level: Level;
  readonly #decision: AuditDecision;
  readonly #request: AuditedRequest;
  readonly #deps: RecordDeps;
  readonly #objectRef: ObjectReference | undefined;
  readonly #annotations: Record<string, string> = {};
  #impersonated: UserInfo | undefined;
  #status: Partial<Status> | undefined;
  #requestObject: unknown;
  #responseObject: unknown;

  constructor(decision: AuditDecision, request: AuditedRequest, deps: RecordDeps) {
    this.level = decision.level;
    this.#decision = decision;
    this.#request = request;
    this.#deps = deps;
    this.#objectRef = referenceOf(request.info);
  }

  /** Adds an annotation, if the request is recorded at `level` or above; the first value of a key stays. */
  annotate(key: string, value: string, level: Level = "Metadata"): void {
    if (!atLeast(this.level, level)) return;
    const known = this.#annotations[key];
    if (known !== undefined && known !== value) {
      const { id } = this.#request;
      return this.#deps.log.warn("Audit annotation is set already", { key, auditID: id });
    }
    this.#annotations[key] = value;
  }

  /** The caller acts as somebody else. */
  impersonate(user: UserInfo): void {
    this.#impersonated = user;
  }

  /** The object that was sent, decoded and with its defaults. It may be changed afterwards. */
  sent(object: object): void {
    const { metadata } = object as { readonly metadata?: ObjectMetadata };
    const ref = this.#objectRef;
    if (ref && metadata) {
      ref.namespace ||= metadata.namespace ?? "";
      ref.name ||= metadata.name ?? "";
      ref.uid ||= metadata.uid ?? "";
      ref.resourceVersion ||= metadata.resourceVersion ?? "";
    }
    if (!atLeast(this.level, "Request")) return;
    this.#requestObject = this.#recorded(copyOf(object));
  }

  /** The patch that was sent. */
  sentPatch(patch: unknown): void {
    if (atLeast(this.level, "Request")) this.#requestObject = copyOf(patch);
  }

  /** What the response says about itself; `body` is asked for only if the level wants it. */
  answered(status: Partial<Status>, body: () => unknown): void {
    this.#status = { metadata: {}, ...status };
    if (!atLeast(this.level, "RequestResponse")) return;
    const object = body();
    if (object !== undefined) this.#responseObject = this.#recorded(object);
  }

  /** Sends the event of a stage, unless the policy leaves it out. False: it was lost, and the request must fail. */
  process(stage: Stage): boolean | Promise<boolean> {
    if (this.#decision.omitStages.has(stage)) return true;
    this.#deps.metrics.event();
    return this.#deps.backend.process([this.#event(stage)]);
  }

  #recorded(object: unknown): unknown {
    return this.#decision.omitManagedFields ? withoutManagedFields(object) : object;
  }

  #event(stage: Stage): AuditEvent {
    const { id, uri, info, user, sourceIPs, userAgent, received } = this.#request;
    const ref = this.#objectRef;
    const { clock } = this.#deps;
    const receivedAt = microTimestamp(received);
    return {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level: this.level,
      auditID: id,
      stage,
      requestURI: uri,
      verb: info.verb,
      user: user ? describeUser(user) : {},
      ...(this.#impersonated && { impersonatedUser: describeUser(this.#impersonated) }),
      ...(sourceIPs.length > 0 && { sourceIPs }),
      ...(userAgent !== "" && { userAgent: shortened(userAgent) }),
      ...(ref && { objectRef: withoutEmpty(ref) }),
      ...(this.#status && { responseStatus: this.#status }),
      ...(this.#requestObject !== undefined && { requestObject: this.#requestObject }),
      ...(this.#responseObject !== undefined && { responseObject: this.#responseObject }),
      requestReceivedTimestamp: receivedAt,
      stageTimestamp: stage === "RequestReceived" ? receivedAt : microTimestamp(clock.now()),
      ...(Object.keys(this.#annotations).length > 0 && { annotations: { ...this.#annotations } }),
    };
  }
}

interface ObjectMetadata {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

function referenceOf(info: RequestInfo): ObjectReference | undefined {
  if (!info.isResource) return undefined;
  const { resource, namespace, name, group, version, subresource } = info;
  return {
    resource,
    namespace,
    name,
    uid: "",
    apiGroup: group,
    apiVersion: version,
    resourceVersion: "",
    subresource,
  };
}

function withoutEmpty(ref: ObjectReference): ObjectReference {
  return Object.fromEntries(Object.entries(ref).filter(([, value]) => value !== ""));
}

function shortened(userAgent: string): string {
  return userAgent.length > maxUserAgent
    ? `${userAgent.slice(0, maxUserAgent)}...TRUNCATED`
    : userAgent;
}

/** A copy that later changes to the object do not reach. */
function copyOf(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

interface Shown {
  readonly metadata?: { readonly managedFields?: unknown };
  readonly items?: readonly Shown[] | null;
  readonly rows?: readonly { readonly object?: Shown }[];
}

/** An object, list or table without the managed fields of anything in it. */
function withoutManagedFields(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { metadata, items, rows } = value as Shown;
  return {
    ...value,
    ...(metadata?.managedFields !== undefined && { metadata: unmanaged(metadata) }),
    ...(Array.isArray(items) && { items: items.map(withoutManagedFields) }),
    ...(Array.isArray(rows) && {
      rows: rows.map((row) =>
        row?.object ? { ...row, object: withoutManagedFields(row.object) } : row
      ),
    }),
  };
}

function unmanaged(metadata: { readonly managedFields?: unknown }): object {
  const { managedFields: _, ...rest } = metadata;
  return rest;
}
