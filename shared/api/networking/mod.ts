import type { KindDefinition } from "../kind.ts";
import { ingressClass } from "./v1/ingress_class.ts";
import { ingress } from "./v1/ingress.ts";
import { ipAddress } from "./v1/ip_address.ts";
import { networkPolicy } from "./v1/network_policy.ts";
import { serviceCIDR } from "./v1/service_cidr.ts";

/** The kinds of the group, for the table of all kinds. */
export const networkingKinds: readonly KindDefinition[] = [
  ingressClass,
  ingress,
  ipAddress,
  networkPolicy,
  serviceCIDR,
];
