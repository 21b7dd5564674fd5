import { isIp } from "../../../meta/addresses.ts";
import { type FieldError, forbidden, invalid, required } from "../../../meta/field_error.ts";
import { isDns1123Subdomain } from "../../../meta/names.ts";
import { check, oneOf } from "../../validation.ts";
import type { LoadBalancerIngress, Service } from "./types.gen.ts";

/** A service keeps its address, and its kind of load balancer, while it keeps its type. */
export function validateServiceUpdate(obj: Service, old: Service): readonly FieldError[] {
  const spec = obj.spec ?? {};
  const oldSpec = old.spec ?? {};
  const errors: FieldError[] = [];
  const hasAddress = spec.type !== "ExternalName" && oldSpec.type !== "ExternalName";
  // Fields that contradict each other are an error of their own.
  if (hasAddress && (spec.clusterIP ?? "") === (spec.clusterIPs?.[0] ?? "")) {
    errors.push(...validateAddresses(spec.clusterIPs ?? [], oldSpec.clusterIPs ?? [], spec));
  }
  if (
    spec.type === "LoadBalancer" && oldSpec.type === "LoadBalancer" &&
    spec.loadBalancerClass !== oldSpec.loadBalancerClass
  ) {
    const shown = spec.loadBalancerClass ?? null;
    errors.push(invalid("spec.loadBalancerClass", shown, "may not change once set"));
  }
  return errors;
}

/** What a load balancer says about a service. */
export function validateServiceStatus(obj: Service): readonly FieldError[] {
  const ingress = obj.status?.loadBalancer?.ingress ?? [];
  const path = "status.loadBalancer.ingress";
  if (obj.spec?.type !== "LoadBalancer") {
    const detail = "may only be used when `spec.type` is 'LoadBalancer'";
    return ingress.length > 0 ? [forbidden(path, detail)] : [];
  }
  return ingress.flatMap((item, i) => [...validateIngress(item, `${path}[${i}]`)]);
}

function validateAddresses(
  ips: readonly string[],
  old: readonly string[],
  spec: { readonly ipFamilyPolicy?: string | undefined },
): readonly FieldError[] {
  const path = "spec.clusterIPs";
  if (old.length === 0) return [];
  if (ips.length === 0) return [invalid(`${path}[0]`, ips, "primary clusterIP can not be unset")];
  if (ips[0] !== old[0]) return [invalid(`${path}[0]`, ips, "may not change once set")];
  if (old.length < 2) return [];
  if (ips.length < 2) {
    const detail = "secondary clusterIP can not be unset";
    return spec.ipFamilyPolicy === "SingleStack" ? [] : [invalid(`${path}[1]`, ips, detail)];
  }
  return ips[1] === old[1] ? [] : [invalid(`${path}[1]`, ips, "may not change once set")];
}

function validateIngress(
  { ip, ipMode, hostname }: LoadBalancerIngress,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (ip) {
    errors.push(...check(ip, `${path}.ip`, isIp));
    if (ipMode === undefined) {
      errors.push(required(`${path}.ipMode`, "must be specified when `ip` is set"));
    }
  } else if (ipMode !== undefined) {
    errors.push(forbidden(`${path}.ipMode`, "may not be specified when `ip` is not set"));
  }
  if (ip && ipMode !== undefined) errors.push(...oneOf(ipMode, `${path}.ipMode`, ["Proxy", "VIP"]));
  if (hostname) {
    errors.push(...check(hostname, `${path}.hostname`, isDns1123Subdomain));
    if (isIp(hostname).length === 0) {
      const detail = "must be a DNS name, not an IP address";
      errors.push(invalid(`${path}.hostname`, hostname, detail));
    }
  }
  return errors;
}
