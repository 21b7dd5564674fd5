import type { CertificateSigningRequest } from "../../../shared/api/certificates/v1/types.gen.ts";
import type { SubresourceStrategy } from "../store_types.ts";

const decisions = new Set(["Approved", "Denied"]);

/** `certificatesigningrequests/approval` sets the Approved and Denied conditions, and nothing else. */
export const certificateApproval: SubresourceStrategy<CertificateSigningRequest> = {
  prepareForUpdate(next, old, { now }) {
    const before = old.status?.conditions ?? [];
    const decided = (next.status?.conditions ?? []).filter(({ type }) => decisions.has(type));
    const others = before.filter(({ type }) => !decisions.has(type));
    next.spec = old.spec;
    next.status = { ...old.status };
    const conditions = [...others, ...decided].map((condition) => ({
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? now,
      lastTransitionTime: condition.lastTransitionTime ?? now,
    }));
    if (conditions.length > 0) next.status.conditions = conditions;
  },
};
