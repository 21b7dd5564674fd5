import type { ContainerState } from "../runtime_service.ts";

/** One row of Podman's container list, as far as we read it. */
export interface ContainerSummary {
  readonly Id: string;
  readonly State: string;
  readonly Pid: number;
  readonly StartedAt: number;
  readonly ExitedAt: number;
}

/** Podman's container inspection, as far as we read it. */
export interface ContainerInspection {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly ImageName: string;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly OOMKilled: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly StopSignal: number;
    readonly Tty: boolean;
  };
  readonly HostConfig: { readonly LogConfig: { readonly Path: string }; readonly Memory: number };
}

/**
 * The runtime's view in our words. `guessOom` is for engines that are not told of out-of-memory kills: a container
 * with a limit that died of SIGKILL, and not by our hand, is taken to have run out of memory.
 */
export function stateOf(inspection: ContainerInspection, guessOom: boolean): ContainerState {
  const { State, Config } = inspection;
  const startedAt = milliseconds(State.StartedAt);
  return {
    id: inspection.Id,
    name: inspection.Name,
    labels: Config.Labels ?? {},
    state: State.Running ? "running" : startedAt > 0 ? "exited" : "created",
    createdAt: milliseconds(inspection.Created),
    startedAt,
    // A program that ends at once may be reaped before Podman notes that it started.
    finishedAt: State.Running ? 0 : Math.max(milliseconds(State.FinishedAt), startedAt),
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled ||
      (guessOom && !State.Running && State.ExitCode === 137 && inspection.HostConfig.Memory > 0),
    image: inspection.ImageName,
    imageId: inspection.Image,
    logPath: inspection.HostConfig.LogConfig.Path,
    pid: State.Running ? State.Pid : 0,
  };
}

/** Go writes its zero time as the year 1. */
function milliseconds(time: string): number {
  return Math.max(0, Date.parse(time) || 0);
}
