import { labelNames, type RuntimeEvent } from "../runtime_service.ts";

interface PodmanEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/** Of images every event counts; Podman has more kinds of them than are worth a list. */
const filters = { type: ["container", "image"] };
const types: Readonly<Record<string, "started" | "died" | "removed">> = {
  start: "started",
  died: "died",
  remove: "removed",
};

/** Podman's event stream: where it is and how it is read. */
export const podmanEvents = {
  path: `/events?stream=true&filters=${encodeURIComponent(JSON.stringify(filters))}`,

  /**
   * One JSON object a line; containers that are no pod's are left out. Ends when the stream ends. `onImage` is called when
   * something happened to an image.
   */
  async *parse(
    stream: AsyncIterable<unknown>,
    onImage: () => void,
  ): AsyncIterable<RuntimeEvent> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.trim() === "") continue;
        const said = JSON.parse(line) as PodmanEvent;
        if (said.Type === "image") onImage();
        const event = eventOf(said);
        if (event) yield event;
      }
    }
  },
};

function eventOf({ Type, Action, Actor }: PodmanEvent): RuntimeEvent | undefined {
  const type = Type === "container" ? types[Action] : undefined;
  const podUid = type && Actor.Attributes[labelNames.podUid];
  return type && podUid ? { type, id: Actor.ID, podUid } : undefined;
}
