import type { Container, Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { ContainerState } from "../runtime/runtime_service.ts";
import { labelNames } from "../runtime/runtime_service.ts";
import type { NodeContext } from "./node_context.ts";
import { attemptOf, podContainers, uidOf } from "./pod_containers.ts";
import { terminationMessageFile } from "./pod_paths.ts";

/** Most that is kept of a message, and of a log that stands in for one. */
const MESSAGE_LIMIT = 4096;
const LOG_BYTES = 2048;
const LOG_LINES = 80;

/** What runs that have ended left as their last words, by container ID. */
export async function terminationMessages(
  node: Pick<NodeContext, "files" | "paths">,
  pod: Pod,
  containers: readonly ContainerState[],
): Promise<Map<string, string>> {
  const messages = new Map<string, string>();
  for (const { container } of podContainers(pod)) {
    for (const state of containers) {
      if (state.state !== "exited" || state.labels[labelNames.containerName] !== container.name) {
        continue;
      }
      const message = await messageOf(node, pod, container, state);
      if (message !== "") messages.set(state.id, message);
    }
  }
  return messages;
}

async function messageOf(
  { files, paths }: Pick<NodeContext, "files" | "paths">,
  pod: Pod,
  container: Container,
  state: ContainerState,
): Promise<string> {
  const run = { container: container.name, attempt: attemptOf(state) };
  const bytes = await files.read(terminationMessageFile(paths, uidOf(pod), run));
  const text = new TextDecoder().decode(bytes?.subarray(0, MESSAGE_LIMIT));
  if (text !== "" || state.exitCode === 0) return text;
  if (container.terminationMessagePolicy !== "FallbackToLogsOnError") return "";
  return plainLines(new TextDecoder().decode(await files.readTail(state.logPath, 8 * LOG_BYTES)));
}

/** The last lines of a CRI log without their time, stream and tag. */
function plainLines(log: string): string {
  const lines = log.split("\n").filter((line) => line !== "").slice(-LOG_LINES)
    .map((line) => line.split(" ").slice(3).join(" "));
  return lines.length === 0 ? "" : (lines.join("\n") + "\n").slice(-LOG_BYTES);
}
