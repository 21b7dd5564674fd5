import { isCidr, parseCidr } from "../../../meta/addresses.ts";
import { type FieldError, forbidden, invalid } from "../../../meta/field_error.ts";
import { isLabelValue, isQualifiedName } from "../../../meta/names.ts";
import { internalValue } from "../../internal_value.ts";
import { check } from "../../validation.ts";
import { validateResourceValue } from "./resource_validation.ts";
import { validateTaintEffect } from "./scheduling_validation.ts";
import type { Node, Taint } from "./types.gen.ts";

export function validateNode(obj: Node): readonly FieldError[] {
  return [
    ...validateTaints(obj.spec?.taints ?? []),
    ...validateAmounts(obj.status?.capacity, "status.capacity"),
    ...validatePodCidrs(obj.spec?.podCIDRs ?? []),
  ];
}

/** Who and where a node is does not change. */
export function validateNodeUpdate(obj: Node, old: Node): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { podCIDRs: cidrs = [], providerID } = obj.spec ?? {};
  const oldCidrs = old.spec?.podCIDRs ?? [];
  const seen = new Set<string>();
  obj.status?.addresses?.forEach((address, i) => {
    const key = `${address.type}/${address.address}`;
    if (seen.has(key)) {
      const shown = JSON.stringify(internalValue("k8s.io.api.core.v1.NodeAddress", address));
      errors.push({
        path: `status.addresses[${i}]`,
        reason: "FieldValueDuplicate",
        message: `Duplicate value: ${shown}`,
      });
    }
    seen.add(key);
  });
  if (oldCidrs.length > 0 && cidrs.join() !== oldCidrs.join()) {
    const detail = 'node updates may not change podCIDR except from "" to valid';
    errors.push(forbidden("spec.podCIDRs", detail));
  }
  if (old.spec?.providerID && providerID !== old.spec.providerID) {
    const detail = 'node updates may not change providerID except from "" to valid';
    errors.push(forbidden("spec.providerID", detail));
  }
  errors.push(...validateAmounts(obj.status?.allocatable, "status.allocatable"));
  return errors;
}

function validateAmounts(
  list: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly FieldError[] {
  return Object.entries(list ?? {}).flatMap(([name, value]) => [
    ...validateResourceValue(name, value, `${path}[${name}]`),
  ]);
}

/** The reference says `metadata` for what once was an annotation. */
function validateTaints(taints: readonly Taint[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  taints.forEach((taint, i) => {
    const path = `metadata.taints[${i}]`;
    errors.push(...check(taint.key ?? "", `${path}.key`, isQualifiedName));
    const messages = isLabelValue(taint.value ?? "");
    if (messages.length > 0) errors.push(invalid(`${path}.value`, taint.value, messages.join(";")));
    errors.push(...validateTaintEffect(taint.effect, `${path}.effect`));
    const key = `${taint.key}:${taint.effect}`;
    if (seen.has(key)) {
      const shown = JSON.stringify(internalValue("k8s.io.api.core.v1.Taint", taint));
      const detail = "taints must be unique by key and effect pair";
      errors.push({
        path,
        reason: "FieldValueDuplicate",
        message: `Duplicate value: ${shown}: ${detail}`,
      });
    }
    seen.add(key);
  });
  return errors;
}

function validatePodCidrs(cidrs: readonly string[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  cidrs.forEach((cidr, i) => errors.push(...check(cidr, `spec.podCIDRs[${i}]`, isCidr)));
  if (cidrs.length < 2) return errors;
  const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.family));
  if (cidrs.length > 2 || families.size !== 2) {
    const detail = "may specify no more than one CIDR for each IP family";
    errors.push(invalid("spec.podCIDRs", cidrs, detail));
  }
  return errors;
}
