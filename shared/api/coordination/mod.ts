import type { KindDefinition } from "../kind.ts";
import { lease } from "./v1/lease.ts";

/** Every kind of the `coordination` group; joined with the others in `shared/api/mod.ts`. */
export const coordinationKinds: readonly KindDefinition[] = [
  lease,
];
