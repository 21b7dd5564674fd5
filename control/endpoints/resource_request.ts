import { StatusError } from "../../shared/meta/status_error.ts";
import type { AuditRecord } from "../audit/audit_record.ts";
import type { Registry, ServedResource, SubresourceDefinition } from "../registry/registry.ts";
import type { SentOptions, WriteScope } from "../registry/store_types.ts";
import type { RequestInfo, Upgrade, UserInfo } from "../server/request_context.ts";

/** The largest body of a write, in bytes (the reference's `MaxRequestBodyBytes`). */
export const maxBodyBytes = 3 * 1024 * 1024;

/** One authorised request for a resource, as handlers see it. */
export interface ResourceRequest {
  readonly method: string;
  /** As it came, for what passes it on; its body is read either here or by `body`. */
  readonly raw: Request;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly query: URLSearchParams;
  /** When it came, in milliseconds. */
  readonly time: number;
  readonly resource: Served;
  header(name: string): string | undefined;
  /** The body, read when first asked for. Throws RequestEntityTooLarge. */
  body(): Promise<Uint8Array>;
  /** Adds a `Warning` header to the answer. */
  warn(message: string): void;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  /** Present if the client asked to upgrade the connection (exec, attach, port-forward). */
  readonly upgrade?: Upgrade | undefined;
  /** Present if the request is recorded: it is told what was sent. */
  readonly audit?: AuditRecord | undefined;
}
export type Served = ServedResource<ResourceRequest, Response>;
export type ApiRegistry = Registry<ResourceRequest, Response>;
export type Subresource = SubresourceDefinition<ResourceRequest, Response>;

/** Reads a body of at most `limit` bytes. */
export async function readBody(
  stream: AsyncIterable<Uint8Array> | null,
  limit = maxBodyBytes,
): Promise<Uint8Array> {
  if (!stream) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > limit) {
      throw new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${limit}`);
    }
    chunks.push(chunk);
  }
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}

/** The scope of a write, from the request alone. Throws BadRequest for options without meaning. */
export function writeScope(request: ResourceRequest, dryRun: boolean): WriteScope {
  const { audit } = request;
  return {
    user: request.user,
    namespace: request.resource.kind.scope === "Namespaced" ? request.info.namespace : "",
    subresource: request.info.subresource,
    dryRun,
    fieldManager: fieldManagerOf(request),
    sent: sentOptions(request.query),
    signal: request.signal,
    warn: (message) => request.warn(message),
    ...(audit && { annotate: (key, value, level) => audit.annotate(key, value, level) }),
  };
}

function sentOptions(query: URLSearchParams): SentOptions {
  const fieldManager = query.get("fieldManager");
  const fieldValidation = query.get("fieldValidation");
  return { ...(fieldManager && { fieldManager }), ...(fieldValidation && { fieldValidation }) };
}

/** The fieldManager parameter, else what stands before the first slash of the User-Agent. */
function fieldManagerOf(request: ResourceRequest): string {
  const named = request.query.get("fieldManager");
  if (named) return named;
  const agent = request.header("user-agent") ?? "";
  return agent.split("/")[0]!.slice(0, 128) || "unknown";
}
