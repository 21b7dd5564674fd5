import { humanDuration } from "../../../meta/age.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind, type Strategy } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import {
  validateApprovalUpdate,
  validateRequest,
  validateSigner,
  validateStatusUpdate,
} from "../request_validation.ts";
import type { CertificateSigningRequest } from "./types.gen.ts";

/** A CertificateSigningRequest asks a signer for a certificate; it is approved or denied on the `approval` endpoint. */
export const certificateSigningRequest = defineKind<CertificateSigningRequest>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  shortNames: ["csr"],
  scope: "Cluster",
  schema: schemaOf("certificates.k8s.io/v1", "CertificateSigningRequest"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    ageColumn(),
    { name: "SignerName", type: "string", cell: ({ spec }) => spec.signerName || "<none>" },
    { name: "Requestor", type: "string", cell: ({ spec }) => spec.username ?? "" },
    {
      name: "RequestedDuration",
      type: "string",
      cell: ({ spec }) =>
        spec.expirationSeconds === undefined
          ? "<none>"
          : humanDuration(spec.expirationSeconds * 1000),
    },
    { name: "Condition", type: "string", cell: conditionText },
  ],
  selectableFields: { "spec.signerName": ({ spec }) => spec.signerName },
  strategy: {
    resetFields: ["spec"],
    // Any name will do: it is not used for anything else.
    validateName: () => [],
    prepareForCreate: (obj, { user }) => {
      const { username, uid, groups, extra } = user ?? {};
      const { request, signerName, expirationSeconds, usages } = obj.spec;
      obj.spec = {
        request,
        signerName,
        ...(expirationSeconds !== undefined && { expirationSeconds }),
        ...(usages && { usages }),
        ...(username && { username }),
        ...(uid && { uid }),
        ...(groups?.length && { groups }),
        ...(extra && Object.keys(extra).length > 0 && { extra }),
      };
      obj.status = {};
    },
    prepareForUpdate: (obj, old) => {
      obj.spec = old.spec;
    },
    validate: (obj) => validateRequest(obj),
    validateCreate: (obj) => validateSigner(obj),
    status: {
      prepareForUpdate: (obj, old, { now }) => {
        obj.spec = old.spec;
        stampConditions(obj, old, now);
      },
      validateUpdate: validateStatusUpdate,
    },
  },
});

/**
 * The strategy of the `approval` endpoint, which sets conditions and nothing else. Its registry calls it like that
 * of `status`.
 */
export const approvalStrategy: NonNullable<Strategy<CertificateSigningRequest>["status"]> = {
  prepareForUpdate: (obj, old, { now }) => {
    stampConditions(obj, old, now);
    obj.spec = old.spec;
    const conditions = obj.status?.conditions;
    obj.status = { ...old.status };
    delete obj.status.conditions;
    if (conditions?.length) obj.status.conditions = conditions;
  },
  validateUpdate: validateApprovalUpdate,
};

/** Clients may leave the times to the server; a condition that did not change keeps its own. */
function stampConditions(
  obj: CertificateSigningRequest,
  old: CertificateSigningRequest,
  now: string,
): void {
  for (const condition of obj.status?.conditions ?? []) {
    condition.lastUpdateTime ||= now;
    if (condition.lastTransitionTime) continue;
    const before = old.status?.conditions?.find(({ type, status, lastTransitionTime }) =>
      type === condition.type && status === condition.status && lastTransitionTime
    );
    condition.lastTransitionTime = before?.lastTransitionTime ?? now;
  }
}

function conditionText({ status }: CertificateSigningRequest): string {
  const types = new Set(status?.conditions?.map(({ type }) => type));
  let text = types.has("Denied") ? "Denied" : types.has("Approved") ? "Approved" : "Pending";
  if (types.has("Failed")) text += ",Failed";
  if (status?.certificate) text += ",Issued";
  return text;
}
