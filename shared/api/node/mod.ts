import type { KindDefinition } from "../kind.ts";
import { runtimeClass } from "./v1/runtime_class.ts";

/** The kinds of the group, for the table of all kinds. */
export const nodeKinds: readonly KindDefinition[] = [runtimeClass];
