import { connect } from "node:net";
import type { Container, Probe } from "../../../shared/api/core/v1/types.gen.ts";
import type { Clock } from "../../../shared/clock/clock.ts";
import { dialMessage } from "../../../shared/stream/dial_message.ts";
import { RuntimeError, type StreamService } from "../../runtime/runtime_service.ts";
import { grpcHealth } from "./grpc_health.ts";
import { httpGet, httpTarget, resolvePort } from "./http_get.ts";

/** What one probe found; `unknown` counts neither way. */
export interface ProbeResult {
  readonly outcome: "success" | "failure" | "unknown";
  readonly message: string;
}

export interface ProbeTarget {
  readonly container: Container;
  readonly containerId: string;
  /** Where the pod is reached from the node. */
  readonly podIp: string;
}

/** Runs probes against containers. The one place where the kubelet talks to what runs in pods. */
export type ProbeRunner = (probe: Probe, target: ProbeTarget) => Promise<ProbeResult>;

/** The probes of the API: exec, httpGet, tcpSocket, grpc. Never rejects. */
export function probeRunner(
  context: { readonly runtime: StreamService; readonly clock: Clock },
): ProbeRunner {
  return async (probe, target) => {
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    try {
      if (probe.exec) return await execProbe(probe.exec.command ?? [], target, context, timeoutMs);
      if (probe.httpGet) {
        const where = httpTarget(probe.httpGet, target.container, target.podIp);
        const { status } = await httpGet(where, { clock: context.clock, timeoutMs });
        if (status >= 200 && status < 400) return { outcome: "success", message: "" };
        return { outcome: "failure", message: `HTTP probe failed with statuscode: ${status}` };
      }
      if (probe.tcpSocket) {
        const host = probe.tcpSocket.host || target.podIp;
        const port = resolvePort(probe.tcpSocket.port, target.container);
        await tcpConnect(host, port, { clock: context.clock, timeoutMs });
        return { outcome: "success", message: "" };
      }
      if (probe.grpc) {
        const { port, service = "" } = probe.grpc;
        const check = { host: target.podIp, port, service };
        const status = await grpcHealth(check, { clock: context.clock, timeoutMs });
        if (status === "SERVING") return { outcome: "success", message: "" };
        return { outcome: "failure", message: `service unhealthy (responded with "${status}")` };
      }
      return { outcome: "unknown", message: "missing probe handler" };
    } catch (error) {
      return {
        outcome: "failure",
        message: error instanceof Error ? error.message : String(error),
      };
    }
  };
}

async function execProbe(
  command: readonly string[],
  { containerId }: ProbeTarget,
  { runtime }: { readonly runtime: StreamService },
  timeoutMs: number,
): Promise<ProbeResult> {
  try {
    const { exitCode, output } = await runtime.exec(containerId, command, timeoutMs);
    return { outcome: exitCode === 0 ? "success" : "failure", message: output.trimEnd() };
  } catch (error) {
    // The container ended under the probe: its end is what counts, not the probe.
    const gone = error instanceof RuntimeError &&
      (error.code === "NotRunning" || error.code === "NotFound");
    if (gone) return { outcome: "unknown", message: error.message };
    throw error;
  }
}

function tcpConnect(
  host: string,
  port: number,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const timer = clock.after(timeoutMs, () => {
      socket.destroy();
      reject(new Error(`dial tcp ${host}:${port}: i/o timeout`));
    });
    socket.once("connect", () => {
      timer.cancel();
      socket.destroy();
      resolve();
    });
    socket.once("error", (error: Error & { code?: string }) => {
      timer.cancel();
      reject(new Error(dialMessage(error, host, port)));
    });
  });
}
