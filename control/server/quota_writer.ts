import type { ResourceQuota } from "../../shared/api/core/v1/types.gen.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import type { QuotaWriter } from "../admission/dependencies.ts";
import { conflictError, modifiedMessage } from "../registry/errors.ts";
import type { ResourceStore } from "../registry/resource_store.ts";

/** Lets admission count what a ResourceQuota has given out. `store` is asked for when the first write comes. */
export function quotaWriter(store: () => ResourceStore): QuotaWriter {
  return {
    async updateUsed({ namespace, name }, resourceVersion, used) {
      const quotas = store();
      const scope = {
        user: { name: "system:apiserver", groups: ["system:masters"] },
        namespace,
        subresource: "status",
        dryRun: false,
        fieldManager: "kube-apiserver",
        warn() {},
      };
      try {
        await quotas.update(
          quotas.kind,
          name,
          (object) => {
            const quota = object as ResourceQuota;
            if (quota.metadata.resourceVersion !== resourceVersion) {
              throw conflictError(quotas.kind, name, modifiedMessage);
            }
            quota.status = { ...quota.status, used: { ...quota.status?.used, ...used } };
            return quota;
          },
          scope,
          { direct: true, claimsFields: true },
        );
        return true;
      } catch (error) {
        if (isStatus(error, "Conflict") || isStatus(error, "NotFound")) return false;
        throw error;
      }
    },
  };
}
