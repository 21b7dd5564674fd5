import type { Duplex } from "node:stream";
import type { AuditRecord } from "../../audit/audit_record.ts";
import type { Auditor } from "../../audit/auditor.ts";
import { responseObject, responseStatus } from "../../audit/response_body.ts";
import type { Clock } from "../../../shared/clock/clock.ts";
import type { Random } from "../../../shared/clock/random.ts";
import { concat } from "../../../shared/http2/bytes.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { bytesResponse, directBodyOf, setHeaders } from "../../endpoints/direct_body.ts";
import { whenResponseEnds } from "../../endpoints/response_end.ts";
import { StorageError } from "../../storage/storage.ts";
import { isLongRunning } from "../long_running.ts";
import { replaceResponse } from "../replace_response.ts";
import type { Filter, RequestContext } from "../request_context.ts";

export interface AuditOptions {
  readonly auditor: Auditor;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Names every request (`Audit-ID`, the client's own or a new one) and records those that nobody could be found for.
 * Placed before authentication.
 */
export function auditIdentity({ auditor, clock, random }: AuditOptions): Filter {
  return async (c, next) => {
    const id = c.req.header("audit-id") || random.uuid();
    c.set("arrival", { id, received: clock.now() });
    await next();
    if (c.res.status === 401 && c.get("user") === undefined) {
      const record = begin(c, auditor);
      const status = { message: attemptedMethods(c), code: 401 };
      record?.answered(status, () => undefined);
      await record?.process("ResponseStarted");
    }
    setHeaders(c.res, { "audit-id": id });
  };
}

/** Records what becomes of requests, as the policy says. Placed after authentication. */
export function audit({ auditor }: AuditOptions): Filter {
  return async (c, next) => {
    const record = begin(c, auditor);
    if (!record) return await next();
    c.set("audit", record);
    const longRunning = isLongRunning(c.get("info"));
    if (!await record.process("RequestReceived")) {
      auditor.rejected();
      c.res = notKept(c);
      return;
    }
    const upgraded = watchUpgrade(c, record, longRunning);
    await next();
    if (upgraded()) return;
    const bug = bugOf(c);
    if (bug) return await panic(record, bug);
    const recorded = longRunning ? follow(record, c.res) : complete(record, c.res);
    replaceResponse(c, await recorded);
  };
}

/** Plain text, as the reference answers where it has no form agreed on. */
function notKept(c: RequestContext): Response {
  const { pathname, search } = new URL(c.req.url);
  const uri = JSON.stringify(pathname + search)
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return new Response(`Internal Server Error: ${uri}: failed to store audit event\n`, {
    status: 500,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
    },
  });
}

function begin(c: RequestContext, auditor: Auditor): AuditRecord | undefined {
  const { id, received } = c.get("arrival")!;
  const url = new URL(c.req.url);
  return auditor.begin({
    id,
    received,
    uri: url.pathname + url.search,
    info: c.get("info"),
    user: c.get("user"),
    peer: c.env?.peerAddress,
    header: (name) => c.req.header(name),
  });
}

/** What the client tried to be known by, as the reference says it in events. */
function attemptedMethods(c: RequestContext): string {
  const [scheme = "", credentials] = (c.req.header("authorization") ?? "").trim().split(" ");
  const methods = [
    ...(scheme.toLowerCase() === "basic" && credentials ? ["basic"] : []),
    ...(scheme.toLowerCase() === "bearer" && credentials !== undefined ? ["bearer"] : []),
    ...(c.get("query").get("access_token")?.trim() ? ["access_token"] : []),
    ...(c.env?.clientCertificate ? ["x509"] : []),
  ];
  return methods.length > 0
    ? `Authentication failed, attempted: ${methods.join(", ")}`
    : "Authentication failed, no credentials provided";
}

/** A failure that is no refusal. */
function bugOf(c: RequestContext): Error | undefined {
  const { error } = c;
  return error instanceof StatusError || error instanceof StorageError ? undefined : error;
}

async function panic(record: AuditRecord, { message }: Error): Promise<void> {
  record.answered({
    status: "Failure",
    message: `APIServer panic'd: ${message}`,
    reason: "InternalError",
    code: 500,
  }, () => undefined);
  await record.process("Panic");
}

/** Records a response that is there as a whole; gives the one to send on. */
async function complete(record: AuditRecord, response: Response): Promise<Response> {
  const type = response.headers.get("content-type") ?? "";
  const whole = record.level === "RequestResponse" || response.status >= 400;
  const [bytes, onwards] = await bytesOf(response, whole);
  const status = bytes && responseStatus(bytes, type);
  record.answered(
    { ...status, code: response.status },
    () => bytes && responseObject(bytes, type),
  );
  await record.process("ResponseComplete");
  return onwards;
}

/** The bytes of a response, read from its stream only if `whole`, and what has them still. */
async function bytesOf(
  response: Response,
  whole: boolean,
): Promise<[bytes: Uint8Array | undefined, onwards: Response]> {
  const body = directBodyOf(response);
  if (body && typeof body !== "function") return [concat(body), response];
  if (!whole || !response.body) return [undefined, response];
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { status, headers } = response;
  return [bytes, bytesResponse(bytes, { status, headers: Object.fromEntries(headers) })];
}

/** Records that a long answer has begun, and later that it has ended. */
async function follow(record: AuditRecord, response: Response): Promise<Response> {
  if (response.status >= 400) {
    const [bytes, onwards] = await bytesOf(response, true);
    const type = response.headers.get("content-type") ?? "";
    const status = bytes && responseStatus(bytes, type);
    record.answered({ ...status, code: response.status }, () => undefined);
    await record.process("ResponseStarted");
    await record.process("ResponseComplete");
    return onwards;
  }
  record.answered({ code: response.status }, () => undefined);
  await record.process("ResponseStarted");
  return whenResponseEnds(response, () => void record.process("ResponseComplete"));
}

/** A connection that is taken over answers 101 by that, and ends when it is closed. Gives whether that happened. */
function watchUpgrade(c: RequestContext, record: AuditRecord, longRunning: boolean): () => boolean {
  const upgrade = c.env?.upgrade;
  let taken = false;
  if (!upgrade) return () => false;
  c.env.upgrade = {
    protocol: upgrade.protocol,
    take() {
      const connection = upgrade.take();
      taken = true;
      record.answered({ code: 101 }, () => undefined);
      if (longRunning) void record.process("ResponseStarted");
      (connection.socket as Duplex).once("close", () => void record.process("ResponseComplete"));
      return connection;
    },
  };
  return () => taken;
}
