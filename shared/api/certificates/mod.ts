import type { KindDefinition } from "../kind.ts";
import { certificateSigningRequest } from "./v1/certificate_signing_request.ts";
import { clusterTrustBundle } from "./v1/cluster_trust_bundle.ts";
import { podCertificateRequest } from "./v1/pod_certificate_request.ts";

/** The kinds of the group, for the table of all kinds. */
export const certificatesKinds: readonly KindDefinition[] = [
  certificateSigningRequest,
  clusterTrustBundle,
  podCertificateRequest,
];
