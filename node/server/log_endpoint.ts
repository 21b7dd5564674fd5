import type { ContainerStatus, Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import { writeAll } from "../../shared/stream/write_all.ts";
import type { LogFiles } from "../host/log_files.ts";
import { podContainers } from "../kubelet/pod_containers.ts";
import type { ContainerState } from "../runtime/runtime_service.ts";
import { type ContainerLogOptions, readContainerLog } from "./container_log.ts";
import { type Exchange, type PodAccess, respond } from "./exchange.ts";
import { NodeError } from "./node_error.ts";
import type { RunEnds } from "./run_ends.ts";

export interface LogEndpointDependencies {
  readonly pods: PodAccess;
  readonly files: LogFiles;
  readonly clock: Clock;
  readonly ends: RunEnds;
}

/**
 * Answers with the log of a container's newest run, or with `previous` of the run before. The query is that of
 * `PodLogOptions`, checked by the API server. Throws NodeError.
 */
export async function serveLog(
  exchange: Exchange,
  target: { readonly namespace: string; readonly pod: string; readonly container: string },
  { pods, files, clock, ends }: LogEndpointDependencies,
): Promise<void> {
  const { query, signal, stream } = exchange;
  const pod = pods.list().find(({ metadata }) =>
    metadata.namespace === target.namespace && metadata.name === target.pod
  );
  if (!pod) throw new NodeError(404, `pod ${JSON.stringify(target.pod)} does not exist\n`);
  if (!podContainers(pod).some(({ container }) => container.name === target.container)) {
    const where = `in pod ${JSON.stringify(target.pod)}`;
    throw new NodeError(404, `container ${JSON.stringify(target.container)} not found ${where}\n`);
  }
  const previous = query.get("previous") === "true";
  const run = await pods.container(pod, target.container, { previous });
  if (!run || (run.state === "created" && !previous)) {
    throw new NodeError(400, whyNoLog(pod, target.container, previous));
  }
  const options = logOptions(query, { clock, run, ends });
  respond(exchange, 200, "text/plain");
  for await (const text of readContainerLog(run.logPath, options, { files, clock, signal })) {
    await writeAll(stream, text);
  }
  stream.end();
}

function logOptions(
  query: URLSearchParams,
  { clock, run, ends }: {
    readonly clock: Clock;
    readonly run: ContainerState;
    readonly ends: RunEnds;
  },
): ContainerLogOptions {
  const numberOf = (name: string) => query.has(name) ? Number(query.get(name)) : undefined;
  const seconds = numberOf("sinceSeconds");
  const time = query.get("sinceTime");
  const stream = query.get("stream")?.toLowerCase();
  return {
    follow: query.get("follow") === "true",
    tailLines: numberOf("tailLines"),
    limitBytes: numberOf("limitBytes"),
    timestamps: query.get("timestamps") === "true",
    since: time !== null
      ? Date.parse(time)
      : seconds === undefined
      ? undefined
      : clock.now() - seconds * 1000,
    stream: stream === "stdout" || stream === "stderr" ? stream : undefined,
    ended: (signal) => ends.wait(run.id, signal),
  };
}

/** The reference's sentences: users and tests know them. */
function whyNoLog(pod: Pod, name: string, previous: boolean): string {
  const where = `container ${JSON.stringify(name)} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (previous) return `previous terminated ${where} not found`;
  const waiting = statusOf(pod, name)?.state?.waiting;
  if (!waiting) return `${where} is not available`;
  if (waiting.reason === "ErrImagePull") {
    return `${where} is waiting to start: image can't be pulled`;
  }
  if (waiting.reason === "ImagePullBackOff") {
    return `${where} is waiting to start: trying and failing to pull image`;
  }
  return `${where} is waiting to start: ${waiting.reason ?? ""}`;
}

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  return [
    ...status?.containerStatuses ?? [],
    ...status?.initContainerStatuses ?? [],
    ...status?.ephemeralContainerStatuses ?? [],
  ].find((one) => one.name === name);
}
