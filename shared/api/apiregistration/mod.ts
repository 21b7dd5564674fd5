import type { KindDefinition } from "../kind.ts";
import { apiService } from "./v1/api_service.ts";

/** The kinds of the group, for the table of all kinds. */
export const apiregistrationKinds: readonly KindDefinition[] = [apiService];
