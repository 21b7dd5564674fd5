import type { ClusterTrustBundle } from "../../../shared/api/certificates/v1/types.gen.ts";
import type { PluginDependencies } from "../dependencies.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { refusal } from "../refusal.ts";
import { mayActForSigner } from "../signer_permission.ts";

/** Only who may `attest` for a signer publishes roots in its name. */
export function clusterTrustBundleAttest({ authorizer }: PluginDependencies): AdmissionPlugin {
  return {
    name: "ClusterTrustBundleAttest",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "certificates.k8s.io" && kind.plural === "clustertrustbundles" &&
      (operation === "CREATE" || operation === "UPDATE") && subresource === "",
    async validate(attributes) {
      const { spec } = (attributes.oldObject ?? attributes.object) as ClusterTrustBundle;
      const signerName = spec.signerName ?? "";
      if (signerName === "") return;
      const what = { verb: "attest", signerName };
      if (await mayActForSigner(authorizer, attributes.user, what)) return;
      throw refusal(
        attributes,
        `user not permitted to attest for signerName ${JSON.stringify(signerName)}`,
      );
    },
  };
}
