import { isConditionTrue } from "../../meta/conditions.ts";
import type { CustomResourceDefinition } from "./v1/types.gen.ts";

/** Whether the kind is served: from then on its names and scope stay. */
export function isEstablished({ status }: CustomResourceDefinition): boolean {
  return isConditionTrue(status?.conditions, "Established");
}

/** Whether the definition's own names are free. */
export function areNamesAccepted({ status }: CustomResourceDefinition): boolean {
  return isConditionTrue(status?.conditions, "NamesAccepted");
}

/** Whether the kind is going: its objects may be read and deleted, and none comes any more. */
export function isTerminating({ metadata, status }: CustomResourceDefinition): boolean {
  return metadata.deletionTimestamp !== undefined ||
    isConditionTrue(status?.conditions, "Terminating");
}
