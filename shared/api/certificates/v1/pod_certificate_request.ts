import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { isDns1123Subdomain } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { formatLabels } from "../../selector_text.ts";
import { semanticEqual } from "../../semantic_equal.ts";
import { nameColumn } from "../../table_columns.ts";
import { validateSignerName } from "../signer_name.ts";
import type { PodCertificateRequest } from "./types.gen.ts";

const schema = schemaOf("certificates.k8s.io/v1", "PodCertificateRequest");
const finalStates = ["Denied", "Failed", "Issued"];

/** A PodCertificateRequest asks a signer for a certificate on behalf of a pod. */
export const podCertificateRequest = defineKind<PodCertificateRequest>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "PodCertificateRequest",
  plural: "podcertificaterequests",
  storageVersion: "v1beta1",
  scope: "Namespaced",
  schema,
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "PodName", type: "string", cell: ({ spec }) => spec.podName },
    { name: "ServiceAccountName", type: "string", cell: ({ spec }) => spec.serviceAccountName },
    { name: "NodeName", type: "string", cell: ({ spec }) => spec.nodeName },
    { name: "SignerName", type: "string", cell: ({ spec }) => spec.signerName },
    { name: "State", type: "string", cell: stateOf },
    {
      name: "UnverifiedUserAnnotations",
      type: "string",
      cell: ({ spec }) => formatLabels(spec.unverifiedUserAnnotations),
    },
  ],
  selectableFields: {
    "spec.signerName": ({ spec }) => spec.signerName,
    "spec.podName": ({ spec }) => spec.podName,
    "spec.nodeName": ({ spec }) => spec.nodeName,
  },
  strategy: {
    requireResourceVersion: true,
    validate: validateRequest,
    validateUpdate: (obj, old) =>
      semanticEqual(schema.fields.get("spec")!.node, obj.spec, old.spec)
        ? []
        : [invalid("spec", undefined, "field is immutable")],
  },
});

function stateOf({ status }: PodCertificateRequest): string {
  return status?.conditions?.find(({ type }) => finalStates.includes(type))?.type ?? "Pending";
}

function validateRequest({ spec }: PodCertificateRequest): readonly FieldError[] {
  const errors = [...validateSignerName(spec.signerName, "spec.signerName")];
  for (const field of ["podName", "serviceAccountName", "nodeName"] as const) {
    const value = spec[field] ?? "";
    for (const message of isDns1123Subdomain(value)) {
      errors.push(invalid(`spec.${field}`, value, message));
    }
  }
  for (const field of ["podUID", "serviceAccountUID", "nodeUID"] as const) {
    if (!spec[field]) errors.push(required(`spec.${field}`));
  }
  return errors;
}
