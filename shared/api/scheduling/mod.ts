import type { KindDefinition } from "../kind.ts";
import { priorityClass } from "./v1/priority_class.ts";

/** The kinds of the group, for the table of all kinds. */
export const schedulingKinds: readonly KindDefinition[] = [priorityClass];
