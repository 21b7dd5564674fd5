import { parseCidr, validateCidr } from "../../../meta/addresses.ts";
import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import type { ServiceCIDR } from "./types.gen.ts";

/** One range of each IP family. */
const MAX_CIDRS = 2;

/** A ServiceCIDR is a range from which Services get their addresses. */
export const serviceCIDR = defineKind<ServiceCIDR>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "ServiceCIDR",
  plural: "servicecidrs",
  scope: "Cluster",
  schema: schemaOf("networking.k8s.io/v1", "ServiceCIDR"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "CIDRs", type: "string", cell: (obj) => (obj.spec?.cidrs ?? []).join(",") },
    ageColumn(),
  ],
  strategy: {
    validate: (obj) => validateCidrs(obj.spec?.cidrs ?? [], "spec.cidrs"),
    validateUpdate: (obj, old) =>
      validateCidrsUpdate(obj.spec?.cidrs ?? [], old.spec?.cidrs ?? [], "spec.cidrs"),
  },
});

function validateCidrs(cidrs: readonly string[], path: string): readonly FieldError[] {
  if (cidrs.length === 0) return [required(path, "at least one CIDR required")];
  if (cidrs.length > MAX_CIDRS) {
    return [invalid(path, { CIDRs: cidrs }, "may only hold up to 2 values")];
  }
  const errors: FieldError[] = [];
  const families = cidrs.map((cidr) => parseCidr(cidr)?.family);
  if (cidrs.length === 2 && families[0] !== undefined && families[0] === families[1]) {
    const detail =
      "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
    errors.push(invalid(path, cidrs, detail));
  }
  cidrs.forEach((cidr, index) => errors.push(...validateCidr(cidr, `${path}[${index}]`)));
  return errors;
}

/** A range stays; one of the other family may be added. */
function validateCidrsUpdate(
  cidrs: readonly string[],
  old: readonly string[],
  path: string,
): readonly FieldError[] {
  if (cidrs.length < old.length) return [invalid(path, cidrs, "field is immutable")];
  return old.flatMap((cidr, index) =>
    cidrs[index] === cidr ? [] : [invalid(`${path}[${index}]`, cidrs[index], "field is immutable")]
  );
}
