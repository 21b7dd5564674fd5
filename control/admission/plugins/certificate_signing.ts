import type { CertificateSigningRequest } from "../../../shared/api/certificates/v1/types.gen.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { refusal } from "../refusal.ts";
import { mayActForSigner } from "../signer_permission.ts";

/** Only who may `sign` for a signer writes certificates and conditions of requests to it. */
export function certificateSigning({ authorizer }: PluginDependencies): AdmissionPlugin {
  return {
    name: "CertificateSigning",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "certificates.k8s.io" && kind.plural === "certificatesigningrequests" &&
      operation === "UPDATE" && subresource === "status",
    async validate(attributes) {
      const old = attributes.oldObject as CertificateSigningRequest;
      if (signature(old) === signature(attributes.object as CertificateSigningRequest)) return;
      const signerName = old.spec.signerName ?? "";
      const what = { verb: "sign", signerName };
      if (await mayActForSigner(authorizer, attributes.user, what)) return;
      throw refusal(
        attributes,
        `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`,
      );
    },
  };
}

function signature({ status }: CertificateSigningRequest): string {
  return JSON.stringify([status?.certificate, status?.conditions]);
}
