import type { CertificateSigningRequest } from "../../../shared/api/certificates/v1/types.gen.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { refusal } from "../refusal.ts";
import { mayActForSigner } from "../signer_permission.ts";

/** Only who may `approve` for a signer decides on requests to it. */
export function certificateApproval({ authorizer }: PluginDependencies): AdmissionPlugin {
  return {
    name: "CertificateApproval",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "certificates.k8s.io" && kind.plural === "certificatesigningrequests" &&
      operation === "UPDATE" && subresource === "approval",
    async validate(attributes) {
      const signerName = (attributes.oldObject as CertificateSigningRequest).spec.signerName ?? "";
      const what = { verb: "approve", signerName };
      if (await mayActForSigner(authorizer, attributes.user, what)) return;
      throw refusal(
        attributes,
        `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`,
      );
    },
  };
}
