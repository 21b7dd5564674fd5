import { isIp, parseIp } from "../../../meta/addresses.ts";
import { duplicate, type FieldError, invalid, notSupported } from "../../../meta/field_error.ts";
import { check, optionalOneOf } from "../../validation.ts";
import type { ServiceSpec } from "./types.gen.ts";

const IPS = "spec.clusterIPs";
const families = ["IPv4", "IPv6"];
const familyPolicies = ["PreferDualStack", "RequireDualStack", "SingleStack"];

/**
 * That the addresses of a service agree with each other and with the families that it names. Whether the cluster has
 * such addresses is for the allocator.
 */
export function validateClusterIps(
  spec: ServiceSpec,
  isHeadless: boolean,
): readonly FieldError[] {
  const ips = spec.clusterIPs ?? [];
  const errors: FieldError[] = [];
  if (spec.clusterIP) {
    if (ips[0] !== spec.clusterIP) {
      errors.push(invalid(IPS, ips, "first value must match `clusterIP`"));
    }
  } else if (ips.length > 0) {
    errors.push(invalid(IPS, ips, "must be empty when `clusterIP` is not specified"));
  }
  errors.push(...validateFamilies(spec.ipFamilies ?? []));
  errors.push(...optionalOneOf(spec.ipFamilyPolicy, "spec.ipFamilyPolicy", familyPolicies));
  const invalidIps = validateEach(ips);
  errors.push(...invalidIps);
  if (ips.length > 2) errors.push(invalid(IPS, ips, "may only hold up to 2 values"));
  if (invalidIps.length > 0) return errors;
  if (ips.length > 1 && new Set(ips.map((ip) => parseIp(ip)?.family)).size !== 2) {
    errors.push(invalid(IPS, ips, "may specify no more than one IP for each IP family"));
  }
  return isHeadless || errors.length > 0 ? errors : validateIpFamilies(ips, spec.ipFamilies ?? []);
}

function validateFamilies(named: readonly string[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  named.forEach((family, i) => {
    const path = `spec.ipFamilies[${i}]`;
    if (!families.includes(family)) errors.push(notSupported(path, family, families));
    if (named.indexOf(family) < i) errors.push(duplicate(path, family));
  });
  return errors;
}

/** `None` stands for no address, alone. */
function validateEach(ips: readonly string[]): readonly FieldError[] {
  return ips.flatMap((ip, i) => {
    if (i > 0 || ip !== "None") return [...check(ip, `${IPS}[${i}]`, isIp)];
    return ips.length > 1 ? [invalid(IPS, ips, "'None' must be the first and only value")] : [];
  });
}

function validateIpFamilies(
  ips: readonly string[],
  named: readonly string[],
): readonly FieldError[] {
  return ips.flatMap((ip, i) => {
    const family = named[i];
    if (family === undefined || parseIp(ip)?.family === family) return [];
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${i}]\``;
    return [invalid(`${IPS}[${i}]`, ip, detail)];
  });
}
