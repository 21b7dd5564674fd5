import type { CertificateSigningRequest } from "../../../shared/api/certificates/v1/types.gen.ts";
import { PRIVILEGED_GROUP } from "../../authorization/union.ts";
import { requestedOrganizations } from "../../certificates/certificate_request.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { refusal } from "../refusal.ts";

const SIGNER = "kubernetes.io/kube-apiserver-client";

/** No client certificate may make its holder all-powerful. */
export function certificateSubjectRestriction(): AdmissionPlugin {
  return {
    name: "CertificateSubjectRestriction",
    handles: ({ kind, operation, subresource, object }) =>
      kind.group === "certificates.k8s.io" && kind.plural === "certificatesigningrequests" &&
      operation === "CREATE" && subresource === "" &&
      (object as CertificateSigningRequest).spec.signerName === SIGNER,
    validate(attributes) {
      const { request = "" } = (attributes.object as CertificateSigningRequest).spec;
      let organizations: readonly string[];
      try {
        organizations = requestedOrganizations(atob(request));
      } catch (error) {
        throw refusal(attributes, `failed to parse CSR: ${(error as Error).message}`);
      }
      if (!organizations.includes(PRIVILEGED_GROUP)) return;
      throw refusal(
        attributes,
        `use of ${SIGNER} signer with ${PRIVILEGED_GROUP} group is not allowed`,
      );
    },
  };
}
