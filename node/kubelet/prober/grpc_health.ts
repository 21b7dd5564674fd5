import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import type { Clock } from "../../../shared/clock/clock.ts";

/** What `grpc.health.v1.Health/Check` may answer. */
const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;
export type HealthStatus = (typeof statuses)[number];

export interface HealthCheck {
  readonly host: string;
  readonly port: number;
  /** Empty: the server as a whole. */
  readonly service: string;
}

/**
 * Asks a server for its health by the gRPC health checking protocol. One message with one text field each way, so
 * the frames are written here. Rejects if it does not answer in time or not by the protocol.
 */
export async function grpcHealth(
  { host, port, service }: HealthCheck,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<HealthStatus> {
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const session = connect(`http://${address}`);
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  deadline.catch(() => {});
  const timer = clock.after(timeoutMs, () => {
    reject(
      new Error(`timeout: failed to connect service "${address}" within ${timeoutMs / 1000}s`),
    );
  });
  session.on(
    "error",
    (error: Error) =>
      reject(new Error(`error: failed to connect to service "${address}": ${error.message}`)),
  );
  try {
    return await Promise.race([check(session, service), deadline]);
  } finally {
    timer.cancel();
    session.destroy();
  }
}

async function check(session: ClientHttp2Session, service: string): Promise<HealthStatus> {
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": "kube-probe/1.37",
  });
  stream.end(frame(requestMessage(service)));
  const [status, body] = await Promise.all([grpcStatus(stream), readAll(stream)]);
  if (status !== "0") throw new Error(`service unhealthy (responded with gRPC status ${status})`);
  return statuses[statusOf(body)] ?? "UNKNOWN";
}

/** `grpc-status` comes in the trailers, or in the head when there is no message. */
function grpcStatus(stream: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve, reject) => {
    const take = (headers: Record<string, unknown>) => {
      if (headers["grpc-status"] !== undefined) resolve(String(headers["grpc-status"]));
    };
    stream.on("response", take);
    stream.on("trailers", take);
    stream.on("error", reject);
    stream.on("close", () => reject(new Error("service unhealthy (no gRPC status)")));
  });
}

async function readAll(stream: ClientHttp2Stream): Promise<Uint8Array> {
  const parts: number[] = [];
  for await (const chunk of stream) {
    parts.push(...(chunk as Uint8Array));
    if (parts.length > 1024) throw new Error("service unhealthy (answer too long)");
  }
  return new Uint8Array(parts);
}

/** A gRPC frame: not compressed, length big-endian, message. */
function frame(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + message.length);
  new DataView(bytes.buffer).setUint32(1, message.length);
  bytes.set(message, 5);
  return bytes;
}

/** `HealthCheckRequest { string service = 1 }`. */
function requestMessage(service: string): Uint8Array {
  const text = new TextEncoder().encode(service);
  return text.length === 0 ? text : new Uint8Array([0x0a, text.length, ...text]);
}

/** `HealthCheckResponse { ServingStatus status = 1 }`; an absent field is 0. */
function statusOf(body: Uint8Array): number {
  return body[5] === 0x08 ? body[6] ?? 0 : 0;
}
