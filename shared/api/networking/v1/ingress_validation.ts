import { parseIp } from "../../../meta/addresses.ts";
import { type FieldError, invalid, notSupported, required } from "../../../meta/field_error.ts";
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPathSegmentName,
  isPortName,
  isPortNumber,
  isWildcardDns1123Subdomain,
} from "../../../meta/names.ts";
import type { TypedLocalObjectReference } from "../../core/v1/types.gen.ts";
import type {
  HTTPIngressPath,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  IngressTLS,
} from "./types.gen.ts";

const forbiddenSequences = ["//", "/./", "/../", "%2f", "%2F"];
const forbiddenEndings = ["/..", "/."];

/** The rules for the spec of an Ingress. */
export function validateIngressSpec(spec: IngressSpec, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { rules, defaultBackend, tls, ingressClassName } = spec;
  if (!rules?.length && defaultBackend === undefined) {
    errors.push(invalid(path, rules, "either `defaultBackend` or `rules` must be specified"));
  }
  if (defaultBackend) validateBackend(defaultBackend, `${path}.defaultBackend`, errors);
  rules?.forEach((rule, index) => validateRule(rule, `${path}.rules[${index}]`, errors));
  tls?.forEach((entry, index) => validateTls(entry, `${path}.tls[${index}]`, errors));
  if (ingressClassName !== undefined) {
    pushAll(
      errors,
      `${path}.ingressClassName`,
      ingressClassName,
      isDns1123Subdomain(ingressClassName),
    );
  }
  return errors;
}

/** A reference to an object of any kind in the same namespace. */
export function validateTypedReference(
  reference: TypedLocalObjectReference,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroup, kind, name } = reference;
  if (apiGroup !== undefined) {
    pushAll(errors, `${path}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup));
  }
  if (!kind) errors.push(required(`${path}.kind`));
  else pushAll(errors, `${path}.kind`, kind, isPathSegmentName(kind));
  if (!name) errors.push(required(`${path}.name`));
  else pushAll(errors, `${path}.name`, name, isPathSegmentName(name));
  return errors;
}

function validateRule({ host, http }: IngressRule, path: string, errors: FieldError[]): void {
  if (host) {
    if (parseIp(host)) {
      errors.push(invalid(`${path}.host`, host, "must be a DNS name, not an IP address"));
    }
    validateHost(host, `${path}.host`, errors);
  }
  if (!http) return;
  if (!http.paths?.length) errors.push(required(`${path}.http.paths`));
  else http.paths.forEach((entry, i) => validatePath(entry, `${path}.http.paths[${i}]`, errors));
}

function validateHost(host: string, path: string, errors: FieldError[]): void {
  const rule = host.includes("*") ? isWildcardDns1123Subdomain : isDns1123Subdomain;
  pushAll(errors, path, host, rule(host));
}

function validatePath(entry: HTTPIngressPath, path: string, errors: FieldError[]): void {
  const { pathType, backend } = entry;
  const value = entry.path ?? "";
  const at = `${path}.path`;
  if (!pathType) {
    errors.push(required(`${path}.pathType`, "pathType must be specified"));
    return;
  }
  if (pathType === "Exact" || pathType === "Prefix") {
    if (!value.startsWith("/")) errors.push(invalid(at, value, "must be an absolute path"));
    for (const sequence of forbiddenSequences.filter((s) => value.includes(s))) {
      errors.push(invalid(at, value, `must not contain '${sequence}'`));
    }
    for (const ending of forbiddenEndings.filter((s) => value.endsWith(s))) {
      errors.push(invalid(at, value, `cannot end with '${ending}'`));
    }
  } else if (pathType === "ImplementationSpecific") {
    if (value !== "" && !value.startsWith("/")) {
      errors.push(invalid(at, value, "must be an absolute path"));
    }
  } else {
    const allowed = ["Exact", "ImplementationSpecific", "Prefix"];
    errors.push(notSupported(`${path}.pathType`, pathType, allowed));
  }
  validateBackend(backend ?? {}, `${path}.backend`, errors);
}

function validateBackend(
  { service, resource }: IngressBackend,
  path: string,
  errors: FieldError[],
): void {
  if (service && resource) {
    errors.push(invalid(path, "", "cannot set both resource and service backends"));
  } else if (resource) {
    errors.push(...validateTypedReference(resource, `${path}.resource`));
  } else if (service) {
    validateServiceBackend(service, path, errors);
  } else errors.push(invalid(path, "", "resource or service backend is required"));
}

function validateServiceBackend(
  service: IngressServiceBackend,
  path: string,
  errors: FieldError[],
): void {
  if (!service.name) errors.push(required(`${path}.service.name`));
  else pushAll(errors, `${path}.service.name`, service.name, isDns1123Label(service.name));
  const { name, number } = service.port ?? {};
  if (name && number) {
    errors.push(invalid(path, "", "cannot set both port name & port number"));
  } else if (name) {
    pushAll(errors, `${path}.service.port.name`, name, isPortName(name));
  } else if (number) {
    pushAll(errors, `${path}.service.port.number`, number, isPortNumber(number));
  } else errors.push(required(path, "port name or number is required"));
}

function validateTls({ hosts, secretName }: IngressTLS, path: string, errors: FieldError[]): void {
  hosts?.forEach((host, index) => validateHost(host, `${path}.hosts[${index}]`, errors));
  if (secretName) {
    pushAll(errors, `${path}.secretName`, secretName, isDns1123Subdomain(secretName));
  }
}

function pushAll(
  errors: FieldError[],
  path: string,
  value: unknown,
  messages: readonly string[],
): void {
  for (const message of messages) errors.push(invalid(path, value, message));
}
