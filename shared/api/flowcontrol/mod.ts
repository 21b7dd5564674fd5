import type { KindDefinition } from "../kind.ts";
import { flowSchema } from "./v1/flow_schema.ts";
import { priorityLevelConfiguration } from "./v1/priority_level_configuration.ts";

/** The kinds of the group, for the table of all kinds. */
export const flowcontrolKinds: readonly KindDefinition[] = [flowSchema, priorityLevelConfiguration];
