import type { CertificateSigningRequest } from "../../shared/api/certificates/v1/types.gen.ts";
import { advanceRequest, type SignerDeps } from "../certificates/signer.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored } from "../registry/stored_object.ts";
import type { WriteScope } from "../registry/store_types.ts";

/**
 * Approves and signs CertificateSigningRequests as they come. It lives in the server's thread because that alone holds
 * the authority's key.
 */
export async function signRequests(store: ResourceStore, deps: SignerDeps): Promise<void> {
  const handle = async (request: CertificateSigningRequest) => {
    try {
      const step = await advanceRequest(request, deps);
      if (!step) return;
      await store.update(
        store.kind,
        request.metadata.name!,
        (current) => {
          (current as CertificateSigningRequest).status = step.request.status;
          return current;
        },
        { ...scope, subresource: step.subresource },
        { direct: true },
      );
    } catch (error) {
      deps.log.error("Certificate request could not be answered", error, {
        request: request.metadata.name,
      });
    }
  };
  await store.cache.watch({}, {
    events(batch) {
      for (const { type, entry } of batch) {
        if (type !== "DELETED") void handle(decodeStored(entry.value) as CertificateSigningRequest);
      }
    },
    bookmark() {},
    closed() {},
  });
}

const scope: WriteScope = {
  user: { name: "system:apiserver", groups: ["system:masters"] },
  namespace: "",
  subresource: "",
  dryRun: false,
  fieldManager: "kube-controller-manager",
  warn() {},
};
