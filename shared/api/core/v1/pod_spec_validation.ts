import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { isIp } from "../../../meta/addresses.ts";
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from "../../../meta/names.ts";
import { validateLabels } from "../../../meta/validate_labels.ts";
import { internalValue } from "../../internal_value.ts";
import { check, oneOf } from "../../validation.ts";
import { validateAffinity, validateTopologySpread } from "./affinity_validation.ts";
import {
  type PodContext,
  validateContainers,
  validateInitContainers,
} from "./container_validation.ts";
import { validateDnsConfig } from "./dns_config_validation.ts";
import { validateEphemeralContainers } from "./ephemeral_container_validation.ts";
import { validatePodResources } from "./pod_resources_validation.ts";
import { validateResourceValue } from "./resource_validation.ts";
import { validateTolerations } from "./scheduling_validation.ts";
import {
  validateHostNamespaces,
  validatePodSecurityContext,
} from "./security_context_validation.ts";
import { validateVolumes } from "./volume_validation.ts";
import type { Container, PodResourceClaim, PodSchedulingGate, PodSpec } from "./types.gen.ts";

const MAX_SECONDS = 2147483647;
const dnsPolicies = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];

/** The spec of a pod or of a pod template. */
export function validatePodSpec(spec: PodSpec, path: string): readonly FieldError[] {
  const volumes = validateVolumes(spec.volumes, `${path}.volumes`);
  const context: PodContext = {
    volumes: volumes.valid,
    claimNames: new Set((spec.resourceClaims ?? []).map(({ name }) => name)),
    gracePeriod: spec.terminationGracePeriodSeconds ?? 0,
    restartPolicy: spec.restartPolicy ?? "",
    hostUsers: spec.hostUsers ?? true,
  };
  return [
    ...volumes.errors,
    ...validateResourceClaims(spec.resourceClaims, `${path}.resourceClaims`),
    ...validateContainers(spec.containers, context, `${path}.containers`),
    ...validateInitContainers(
      spec.initContainers,
      spec.containers,
      context,
      `${path}.initContainers`,
    ),
    ...validateEphemeralContainers(spec, context, `${path}.ephemeralContainers`),
    ...validatePodResources(spec, `${path}.resources`),
    ...validateHostPorts(spec, path),
    ...(spec.restartPolicy
      ? oneOf(spec.restartPolicy, `${path}.restartPolicy`, ["Always", "OnFailure", "Never"])
      : [required(`${path}.restartPolicy`)]),
    ...(spec.dnsPolicy
      ? oneOf(spec.dnsPolicy, `${path}.dnsPolicy`, dnsPolicies)
      : [required(`${path}.dnsPolicy`)]),
    ...validateLabels(spec.nodeSelector, `${path}.nodeSelector`),
    ...validateHostNamespaces(spec, path),
    ...validatePodSecurityContext(spec.securityContext, `${path}.securityContext`),
    ...validateAffinity(spec.affinity, `${path}.affinity`),
    ...validateDnsConfig(spec.dnsConfig, spec.dnsPolicy, `${path}.dnsConfig`),
    ...validateGates(spec, path),
    ...validateTopologySpread(
      spec.topologySpreadConstraints,
      `${path}.topologySpreadConstraints`,
    ),
    ...validateHostProcess(spec, path),
    ...validateHostUsers(spec, path),
    ...validateNames(spec, path),
    ...validateRest(spec, path),
  ];
}

function validateResourceClaims(
  claims: readonly PodResourceClaim[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  claims?.forEach((claim, i) => {
    const at = `${path}[${i}]`;
    const { name, resourceClaimName: used, resourceClaimTemplateName: template } = claim;
    if (!name) errors.push(required(`${at}.name`));
    else if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    else errors.push(...check(name, `${at}.name`, isDns1123Label));
    names.add(name);
    const shown = () => internalValue("k8s.io.api.core.v1.PodResourceClaim", claim);
    if (used !== undefined && template !== undefined) {
      const detail =
        "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
      errors.push(invalid(at, shown(), detail));
    }
    if (used === undefined && template === undefined) {
      const detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
      errors.push(invalid(at, shown(), detail));
    }
    if (used !== undefined) {
      errors.push(...check(used, `${at}.resourceClaimName`, isDns1123Subdomain));
    }
    if (template !== undefined) {
      errors.push(...check(template, `${at}.resourceClaimTemplateName`, isDns1123Subdomain));
    }
  });
  return errors;
}

/** In the network of the host a container has its ports under their own numbers only. */
function validateHostPorts(spec: PodSpec, path: string): readonly FieldError[] {
  if (!spec.hostNetwork) return [];
  const errors: FieldError[] = [];
  const visit = (containers: readonly Container[] | undefined, field: string) =>
    containers?.forEach(({ ports }, c) =>
      ports?.forEach(({ hostPort = 0, containerPort }, p) => {
        if (hostPort === containerPort) return;
        const at = `${path}.${field}[${c}].ports[${p}].hostPort`;
        const detail = "must match `containerPort` when `hostNetwork` is true";
        errors.push(invalid(at, hostPort, detail));
      })
    );
  visit(spec.containers, "containers");
  visit(spec.initContainers, "initContainers");
  return errors;
}

function validateGates(spec: PodSpec, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  spec.readinessGates?.forEach(({ conditionType = "" }, i) => {
    errors.push(
      ...check(conditionType, `${path}.readinessGates[${i}].conditionType`, isQualifiedName),
    );
  });
  errors.push(...validateSchedulingGates(spec.schedulingGates, `${path}.schedulingGates`));
  return errors;
}

function validateSchedulingGates(
  gates: readonly PodSchedulingGate[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  gates?.forEach(({ name = "" }, i) => {
    errors.push(...check(name, `${path}[${i}]`, isQualifiedName));
    if (seen.has(name)) errors.push(duplicate(`${path}[${i}]`, name));
    seen.add(name);
  });
  return errors;
}

function validateHostProcess(spec: PodSpec, path: string): readonly FieldError[] {
  const isHostProcess = spec.securityContext?.windowsOptions?.hostProcess ||
    [...spec.containers ?? [], ...spec.initContainers ?? []].some((container) =>
      container.securityContext?.windowsOptions?.hostProcess
    );
  if (!isHostProcess || spec.hostNetwork) return [];
  const detail = "hostNetwork must be true if pod contains any hostProcess containers";
  return [invalid(`${path}.hostNetwork`, false, detail)];
}

/** A pod with users of its own cannot share the other namespaces of the host. */
function validateHostUsers(spec: PodSpec, path: string): readonly FieldError[] {
  if (spec.hostUsers !== false) return [];
  return (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field])
    .map((field) => forbidden(`${path}.${field}`, "when `hostUsers` is false"));
}

function validateNames(spec: PodSpec, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (spec.serviceAccountName) {
    errors.push(
      ...check(spec.serviceAccountName, `${path}.serviceAccountName`, isDns1123Subdomain),
    );
  }
  if (spec.nodeName) {
    errors.push(...check(spec.nodeName, `${path}.nodeName`, isDns1123Subdomain));
  }
  const seconds = spec.activeDeadlineSeconds;
  if (seconds !== undefined && (seconds < 1 || seconds > MAX_SECONDS)) {
    const detail = `must be between 1 and ${MAX_SECONDS}, inclusive`;
    errors.push(invalid(`${path}.activeDeadlineSeconds`, seconds, detail));
  }
  if (spec.hostname) errors.push(...check(spec.hostname, `${path}.hostname`, isDns1123Label));
  if (spec.subdomain) errors.push(...check(spec.subdomain, `${path}.subdomain`, isDns1123Label));
  return errors;
}

function validateRest(spec: PodSpec, path: string): readonly FieldError[] {
  const errors = [...validateTolerations(spec.tolerations, `${path}.tolerations`)];
  spec.hostAliases?.forEach(({ ip = "", hostnames }, i) => {
    const at = `${path}.hostAliases[${i}]`;
    errors.push(...check(ip, `${at}.ip`, isIp));
    for (const name of hostnames ?? []) {
      errors.push(...check(name, `${at}.hostnames`, isDns1123Subdomain));
    }
  });
  if (spec.priorityClassName) {
    errors.push(...check(spec.priorityClassName, `${path}.priorityClassName`, isDns1123Subdomain));
  }
  if (spec.runtimeClassName !== undefined) {
    errors.push(...check(spec.runtimeClassName, `${path}.runtimeClassName`, isDns1123Subdomain));
  }
  const policies = ["Never", "PreemptLowerPriority"];
  if (spec.preemptionPolicy !== undefined && !policies.includes(spec.preemptionPolicy)) {
    errors.push(notSupported(`${path}.preemptionPolicy`, spec.preemptionPolicy, policies));
  }
  for (const [name, value] of Object.entries(spec.overhead ?? {})) {
    errors.push(...validateResourceValue(name, value, `${path}.overhead[${name}]`));
  }
  if (spec.os) {
    if (!spec.os.name) errors.push(required(`${path}.os.name`));
    else errors.push(...oneOf(spec.os.name, `${path}.os.name`, ["linux", "windows"]));
  }
  return errors;
}
