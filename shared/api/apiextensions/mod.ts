import type { KindDefinition } from "../kind.ts";
import { customResourceDefinition } from "./v1/custom_resource_definition.ts";

/** The kinds of the group, for the table of all kinds. */
export const apiextensionsKinds: readonly KindDefinition[] = [customResourceDefinition];
