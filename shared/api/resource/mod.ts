import type { KindDefinition } from "../kind.ts";
import { deviceClass } from "./v1/device_class.ts";
import { deviceTaintRule } from "./v1/device_taint_rule.ts";
import { resourceClaim } from "./v1/resource_claim.ts";
import { resourceClaimTemplate } from "./v1/resource_claim_template.ts";
import { resourceSlice } from "./v1/resource_slice.ts";

/** The kinds of the group, for the table of all kinds. */
export const resourceKinds: readonly KindDefinition[] = [
  deviceClass,
  deviceTaintRule,
  resourceClaim,
  resourceClaimTemplate,
  resourceSlice,
];
