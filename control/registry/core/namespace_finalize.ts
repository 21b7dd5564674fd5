import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import { validateNamespaceFinalize } from "../../../shared/api/core/v1/namespace_validation.ts";
import type { SubresourceStrategy } from "../store_types.ts";

/** `namespaces/finalize` changes the finalizers of the spec, and nothing else. */
export const namespaceFinalize: SubresourceStrategy<Namespace> = {
  prepareForUpdate(next, old) {
    if (old.status === undefined) delete next.status;
    else next.status = old.status;
  },
  validateUpdate: validateNamespaceFinalize,
};
