import type { KindDefinition } from "../kind.ts";
import { csiDriver } from "./v1/csi_driver.ts";
import { csiNode } from "./v1/csi_node.ts";
import { csiStorageCapacity } from "./v1/csi_storage_capacity.ts";
import { storageClass } from "./v1/storage_class.ts";
import { volumeAttachment } from "./v1/volume_attachment.ts";
import { volumeAttributesClass } from "./v1/volume_attributes_class.ts";

/** The kinds of the group, for the table of all kinds. */
export const storageKinds: readonly KindDefinition[] = [
  csiDriver,
  csiNode,
  csiStorageCapacity,
  storageClass,
  volumeAttachment,
  volumeAttributesClass,
];
