import type { KindDefinition } from "../kind.ts";
import { event } from "./v1/event.ts";

/** Every kind of the `events` group; joined with the others in `shared/api/mod.ts`. */
export const eventsKinds: readonly KindDefinition[] = [
  event,
];
