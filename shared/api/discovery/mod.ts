import type { KindDefinition } from "../kind.ts";
import { endpointSlice } from "./v1/endpoint_slice.ts";

/** Every kind of the `discovery` group; joined with the others in `shared/api/mod.ts`. */
export const discoveryKinds: readonly KindDefinition[] = [
  endpointSlice,
];
