import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { isDns1123Subdomain, isPathSegmentName } from "../../../meta/names.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { nameColumn } from "../../table_columns.ts";
import { pemBlocks } from "../pem.ts";
import { validateSignerName } from "../signer_name.ts";
import type { ClusterTrustBundle } from "./types.gen.ts";

/** A ClusterTrustBundle publishes certificates that workloads may trust. */
export const clusterTrustBundle = defineKind<ClusterTrustBundle>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "ClusterTrustBundle",
  plural: "clustertrustbundles",
  storageVersion: "v1beta1",
  scope: "Cluster",
  schema: schemaOf("certificates.k8s.io/v1", "ClusterTrustBundle"),
  columns: [
    nameColumn(),
    { name: "SignerName", type: "string", cell: ({ spec }) => spec.signerName || "<none>" },
  ],
  selectableFields: { "spec.signerName": ({ spec }) => spec.signerName ?? "" },
  strategy: {
    requireResourceVersion: true,
    validateName: isPathSegmentName,
    validate: (obj) => [
      ...validateBundleName(obj),
      ...obj.spec.signerName ? validateSignerName(obj.spec.signerName, "spec.signerName") : [],
      ...validateTrustBundle(obj.spec.trustBundle ?? "", "spec.trustBundle"),
    ],
    validateUpdate: (obj, old) =>
      (obj.spec.signerName ?? "") === (old.spec.signerName ?? "")
        ? []
        : [invalid("spec.signerName", obj.spec.signerName ?? "", "field is immutable")],
  },
});

/** The bundle of a signer is named after it, so that rights to names are rights to signers. */
function validateBundleName({ metadata, spec }: ClusterTrustBundle): readonly FieldError[] {
  const name = metadata.name ?? "";
  const fail = (detail: string) => [invalid("metadata.name", name, detail)];
  if (!spec.signerName) {
    if (!name.includes(":")) {
      return isDns1123Subdomain(name).flatMap((message) => fail(message));
    }
    return fail('ClusterTrustBundle without signer name must not have ":" in its name');
  }
  const prefix = `${spec.signerName.replaceAll("/", ":")}:`;
  if (!name.startsWith(prefix)) {
    return fail(
      `ClusterTrustBundle for signerName ${spec.signerName} must be named with prefix ${prefix}`,
    );
  }
  return isDns1123Subdomain(name.slice(prefix.length)).flatMap((message) => fail(message));
}

function validateTrustBundle(bundle: string, path: string): readonly FieldError[] {
  const fail = (detail: string) => invalid(path, "<value omitted>", detail);
  const blocks = pemBlocks(bundle);
  if (blocks.length === 0) return [fail("at least one trust anchor must be provided")];
  const errors: FieldError[] = [];
  const seen = new Map<string, number[]>();
  blocks.forEach(({ type, hasHeaders, data }, index) => {
    if (type !== "CERTIFICATE") errors.push(fail(`entry ${index} has bad block type: ${type}`));
    else if (hasHeaders) errors.push(fail(`entry ${index} has PEM block headers`));
    else seen.set(data, [...seen.get(data) ?? [], index]);
  });
  for (const indices of seen.values()) {
    if (indices.length > 1) {
      errors.push(fail(`duplicate trust anchor (indices [${indices.join(" ")}])`));
    }
  }
  return errors;
}
