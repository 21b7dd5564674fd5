import type { Container, LifecycleHandler } from "../../shared/api/core/v1/types.gen.ts";
import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { StreamService } from "../runtime/runtime_service.ts";
import { httpGet, httpTarget, urlOf } from "./prober/http_get.ts";

export interface HookContext {
  readonly runtime: StreamService;
  readonly clock: Clock;
}

export interface HookTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  /** How long it may take; longer is a failure. */
  readonly timeoutMs: number;
}

/** Runs a container's postStart or preStop hook to its end. Rejects with what went wrong. */
export async function runHook(
  handler: LifecycleHandler,
  target: HookTarget,
  { runtime, clock }: HookContext,
): Promise<void> {
  const { container, containerId, timeoutMs } = target;
  if (handler.exec) {
    const command = handler.exec.command ?? [];
    const { exitCode, output } = await runtime.exec(containerId, command, timeoutMs);
    if (exitCode !== 0) {
      throw new Error(
        `command '${command.join(" ")}' exited with ${exitCode}: ${output.trimEnd()}`,
      );
    }
  } else if (handler.httpGet) {
    const where = httpTarget(handler.httpGet, container, target.podIp);
    const { status } = await httpGet(where, { clock, timeoutMs });
    if (status >= 400) throw new Error(`Get "${urlOf(where)}" answered ${status}`);
  } else if (handler.sleep) {
    await sleep(clock, Math.min(handler.sleep.seconds * 1000, timeoutMs));
  }
}
