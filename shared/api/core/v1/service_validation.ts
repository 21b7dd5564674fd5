import { isCidr, validateIp } from "../../../meta/addresses.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPortNumber,
  isQualifiedName,
} from "../../../meta/names.ts";
import { validateLabels } from "../../../meta/validate_labels.ts";
import { internalValue } from "../../internal_value.ts";
import { check, checkRequired, oneOf, optionalOneOf } from "../../validation.ts";
import { validatePortNumberOrName } from "./probe_validation.ts";
import { validateClusterIps } from "./service_address_validation.ts";
import { isExternallyAccessible, needsHealthCheckNodePort } from "./service_strategy.ts";
import { validateNonSpecialIp } from "./special_addresses.ts";
import type { Service, ServicePort, ServiceSpec, SessionAffinityConfig } from "./types.gen.ts";

/** The port of the kubelet, which no load balancer may show to the world. */
const KUBELET_PORT = 10250;
const MAX_AFFINITY_SECONDS = 86400;
const ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'";
const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const policies = ["Cluster", "Local"];

export function validateService(obj: Service): readonly FieldError[] {
  const spec = obj.spec ?? {};
  const ports = spec.ports ?? [];
  const isHeadless = spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === "None";
  const errors: FieldError[] = [];
  if (ports.length === 0 && !isHeadless && spec.type !== "ExternalName") {
    errors.push(required("spec.ports"));
  }
  errors.push(...validateType(spec, isHeadless));
  const names = new Set<string>();
  ports.forEach((port, i) => {
    errors.push(...validatePort(port, ports.length > 1, names, `spec.ports[${i}]`));
  });
  errors.push(...validateLabels(spec.selector, "spec.selector"));
  errors.push(...validateAffinity(spec));
  errors.push(...validateClusterIps(spec, isHeadless));
  spec.externalIPs?.forEach((ip, i) => {
    const path = `spec.externalIPs[${i}]`;
    const found = validateIp(ip, path);
    errors.push(...(found.length > 0 ? found : validateNonSpecialIp(ip, path)));
  });
  errors.push(...(spec.type ? oneOf(spec.type, "spec.type", types) : [required("spec.type")]));
  errors.push(...validateNodePorts(spec));
  errors.push(...validateUniquePorts(ports));
  errors.push(...validateLoadBalancer(spec));
  errors.push(...validateTraffic(spec));
  return errors;
}

function validateType(spec: ServiceSpec, isHeadless: boolean): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (spec.type === "LoadBalancer") {
    spec.ports?.forEach(({ port }, i) => {
      if (port !== KUBELET_PORT) return;
      const detail = `may not expose port ${port} externally since it is used by kubelet`;
      errors.push(invalid(`spec.ports[${i}]`, port, detail));
    });
  }
  if (isHeadless && (spec.type === "LoadBalancer" || spec.type === "NodePort")) {
    const detail = `may not be set to 'None' for ${spec.type} services`;
    errors.push(invalid("spec.clusterIPs[0]", "None", detail));
  }
  if (spec.type !== "ExternalName") return errors;
  const detail = "may not be set for ExternalName services";
  if (spec.clusterIPs?.length) errors.push(forbidden("spec.clusterIPs", detail));
  if (spec.ipFamilies?.length) errors.push(forbidden("spec.ipFamilies", detail));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbidden("spec.ipFamilyPolicy", detail));
  const name = spec.externalName?.replace(/\.$/, "");
  return [...errors, ...checkRequired(name, "spec.externalName", isDns1123Subdomain)];
}

function validatePort(
  port: ServicePort,
  needsName: boolean,
  names: Set<string>,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (needsName && !port.name) errors.push(required(`${path}.name`));
  else if (port.name) {
    errors.push(...check(port.name, `${path}.name`, isDns1123Label));
    if (names.has(port.name)) errors.push(duplicate(`${path}.name`, port.name));
    names.add(port.name);
  }
  const number = port.port ?? 0;
  errors.push(...isPortNumber(number).map((m) => invalid(`${path}.port`, number, m)));
  if (!port.protocol) errors.push(required(`${path}.protocol`));
  else errors.push(...oneOf(port.protocol, `${path}.protocol`, ["SCTP", "TCP", "UDP"]));
  errors.push(...validatePortNumberOrName(port.targetPort ?? 0, `${path}.targetPort`));
  if (port.appProtocol !== undefined) {
    errors.push(...check(port.appProtocol, `${path}.appProtocol`, isQualifiedName));
  }
  return errors;
}

function validateAffinity(spec: ServiceSpec): readonly FieldError[] {
  const path = "spec.sessionAffinity";
  const errors = spec.sessionAffinity
    ? [...oneOf(spec.sessionAffinity, path, ["ClientIP", "None"])]
    : [required(path)];
  const config = "spec.sessionAffinityConfig";
  if (spec.sessionAffinity === "ClientIP") {
    errors.push(...validateClientIp(spec.sessionAffinityConfig, config));
  } else if (spec.sessionAffinity === "None" && spec.sessionAffinityConfig) {
    errors.push(forbidden(config, "must not be set when session affinity is None"));
  }
  return errors;
}

function validateClientIp(
  config: SessionAffinityConfig | undefined,
  path: string,
): readonly FieldError[] {
  const detail = "when session affinity type is ClientIP";
  if (!config) return [required(path, detail)];
  if (!config.clientIP) return [required(`${path}.clientIP`, detail)];
  const seconds = config.clientIP.timeoutSeconds;
  const at = `${path}.clientIP.timeoutSeconds`;
  if (seconds === undefined) return [required(at, detail)];
  return seconds > 0 && seconds <= MAX_AFFINITY_SECONDS
    ? []
    : [invalid(at, seconds, `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`)];
}

function validateNodePorts(spec: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const taken = new Set<string>();
  spec.ports?.forEach(({ nodePort, protocol }, i) => {
    if (!nodePort) return;
    const path = `spec.ports[${i}].nodePort`;
    if (spec.type === "ClusterIP") {
      errors.push(forbidden(path, "may not be used when `type` is 'ClusterIP'"));
    }
    const key = `${protocol}/${nodePort}`;
    if (taken.has(key)) errors.push(duplicate(path, nodePort));
    taken.add(key);
  });
  return errors;
}

function validateUniquePorts(ports: readonly ServicePort[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  ports.forEach(({ port, protocol }, i) => {
    const key = `${protocol}/${port}`;
    if (seen.has(key)) {
      const shown = internalValue("k8s.io.api.core.v1.ServicePort", { port, protocol });
      errors.push(duplicate(`spec.ports[${i}]`, shown));
    }
    seen.add(key);
  });
  return errors;
}

function validateLoadBalancer(spec: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const isBalanced = spec.type === "LoadBalancer";
  if (spec.loadBalancerSourceRanges?.length) {
    const path = "spec.LoadBalancerSourceRanges";
    if (!isBalanced) errors.push(forbidden(path, ONLY_LOAD_BALANCER));
    spec.loadBalancerSourceRanges.forEach((range, i) => {
      errors.push(...check(range.trim(), `${path}[${i}]`, isCidr));
    });
  }
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalanced) {
    errors.push(forbidden("spec.allocateLoadBalancerNodePorts", ONLY_LOAD_BALANCER));
  }
  if (spec.loadBalancerClass !== undefined) {
    const path = "spec.loadBalancerClass";
    if (!isBalanced) errors.push(forbidden(path, ONLY_LOAD_BALANCER));
    else errors.push(...check(spec.loadBalancerClass, path, isQualifiedName));
  }
  return errors;
}

function validateTraffic(spec: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const external = "spec.externalTrafficPolicy";
  if (!isExternallyAccessible(spec)) {
    if (spec.externalTrafficPolicy) {
      const detail = "may only be set for externally-accessible services";
      errors.push(invalid(external, spec.externalTrafficPolicy, detail));
    }
  } else if (!spec.externalTrafficPolicy) errors.push(required(external));
  else errors.push(...oneOf(spec.externalTrafficPolicy, external, policies));
  if (spec.healthCheckNodePort && !needsHealthCheckNodePort(spec)) {
    const detail =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid("spec.healthCheckNodePort", spec.healthCheckNodePort, detail));
  }
  const internal = "spec.internalTrafficPolicy";
  if (spec.type !== "ExternalName" && spec.internalTrafficPolicy === undefined) {
    errors.push(required(internal));
  }
  errors.push(...optionalOneOf(spec.internalTrafficPolicy, internal, policies));
  const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
  if (
    spec.trafficDistribution !== undefined && !distributions.includes(spec.trafficDistribution)
  ) {
    errors.push(notSupported("spec.trafficDistribution", spec.trafficDistribution, distributions));
  }
  return errors;
}
