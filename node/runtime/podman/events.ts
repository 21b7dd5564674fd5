import type { IncomingMessage } from "node:http";
import { labelNames, type RuntimeEvent } from "../runtime_service.ts";

interface PodmanEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

const filters = { type: ["container"], event: ["start", "died", "remove"] };
const types: Readonly<Record<string, "started" | "died" | "removed">> = {
  start: "started",
  died: "died",
  remove: "removed",
};

/** Podman's event stream: where it is and how it is read. */
export const podmanEvents = {
  path: `/events?stream=true&filters=${encodeURIComponent(JSON.stringify(filters))}`,

  /** One JSON object a line; containers that are no pod's are left out. Ends when the stream ends. */
  async *parse(stream: IncomingMessage): AsyncIterable<RuntimeEvent> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const event = eventOf(line);
        if (event) yield event;
      }
    }
  },
};

function eventOf(line: string): RuntimeEvent | undefined {
  if (line.trim() === "") return undefined;
  const { Action, Actor } = JSON.parse(line) as PodmanEvent;
  const type = types[Action];
  const podUid = Actor.Attributes[labelNames.podUid];
  return type && podUid ? { type, id: Actor.ID, podUid } : undefined;
}
