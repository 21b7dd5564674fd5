import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooMany,
} from "../../meta/field_error.ts";
import { isDns1123Label, isDns1123Subdomain } from "../../meta/names.ts";
import { validateDriverName } from "../storage/driver_name.ts";
import { isDeviceName, validateSelectors } from "./device_validation.ts";
import type {
  DeviceClaimConfiguration,
  DeviceConstraint,
  DeviceRequest,
  DeviceSubRequest,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
  ResourceClaimSpec,
} from "./v1/types.gen.ts";

const MAX_REQUESTS = 32;
const MAX_CONSTRAINTS = 32;
const MAX_CONFIGS = 32;
const MAX_ALTERNATIVES = 8;

/** What a claim asks for if it does not say how much: one device. */
export function defaultClaimSpec(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    for (const request of [...exactly ? [exactly] : [], ...firstAvailable ?? []]) {
      request.allocationMode ||= "ExactCount";
      if (request.allocationMode === "ExactCount") request.count ||= 1;
      for (const toleration of request.tolerations ?? []) toleration.operator ||= "Equal";
    }
  }
}

/** The rules for the spec of a claim, also inside a template. CEL is compiled where there is a compiler. */
export function validateClaimSpec(
  spec: ResourceClaimSpec | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { constraints = [], config = [] } = spec?.devices ?? {};
  const requests = spec?.devices?.requests ?? [];
  const at = `${path}.devices`;
  validateRequests(requests, `${at}.requests`, errors);
  const names = requestNames(requests);
  if (constraints.length > MAX_CONSTRAINTS) {
    errors.push(tooMany(`${at}.constraints`, constraints.length, MAX_CONSTRAINTS));
  }
  constraints.forEach((constraint, index) => {
    validateConstraint(constraint, `${at}.constraints[${index}]`, names, errors);
  });
  if (config.length > MAX_CONFIGS) {
    errors.push(tooMany(`${at}.config`, config.length, MAX_CONFIGS));
  }
  config.forEach((entry, index) => {
    validateConfiguration(entry, `${at}.config[${index}]`, names, errors);
  });
  return errors;
}

/** Parameters that only the driver understands. */
export function validateOpaque(
  opaque: OpaqueDeviceConfiguration | undefined,
  path: string,
): readonly FieldError[] {
  if (!opaque) return [required(path)];
  const errors = [...validateDriverName(opaque.driver, `${path}.driver`)];
  if (opaque.parameters === undefined) errors.push(required(`${path}.parameters`));
  return errors;
}

function validateRequests(
  requests: readonly DeviceRequest[],
  path: string,
  errors: FieldError[],
): void {
  if (requests.length > MAX_REQUESTS) errors.push(tooMany(path, requests.length, MAX_REQUESTS));
  const names = new Set<string>();
  requests.forEach((request, index) => {
    const at = `${path}[${index}]`;
    if (names.has(request.name)) errors.push(duplicate(at, request));
    names.add(request.name);
    validateRequestName(request.name, `${at}.name`, errors);
    const { exactly, firstAvailable = [] } = request;
    const detail = "exactly one of `exactly` or `firstAvailable` is required";
    if (!exactly && firstAvailable.length === 0) errors.push(required(at, detail));
    else if (exactly && firstAvailable.length > 0) errors.push(invalid(at, undefined, detail));
    if (exactly) validateExact(exactly, `${at}.exactly`, errors);
    validateAlternatives(firstAvailable, `${at}.firstAvailable`, errors);
  });
}

function validateAlternatives(
  alternatives: readonly DeviceSubRequest[],
  path: string,
  errors: FieldError[],
): void {
  if (alternatives.length > MAX_ALTERNATIVES) {
    errors.push(tooMany(path, alternatives.length, MAX_ALTERNATIVES));
  }
  const names = new Set<string>();
  alternatives.forEach((alternative, index) => {
    const at = `${path}[${index}]`;
    if (names.has(alternative.name)) errors.push(duplicate(at, alternative));
    names.add(alternative.name);
    validateRequestName(alternative.name, `${at}.name`, errors);
    validateExact(alternative, at, errors);
  });
}

function validateRequestName(name: string | undefined, path: string, errors: FieldError[]): void {
  if (!name) errors.push(required(path));
  else for (const message of isDns1123Label(name)) errors.push(invalid(path, name, message));
}

function validateExact(
  request: ExactDeviceRequest | DeviceSubRequest,
  path: string,
  errors: FieldError[],
): void {
  const { deviceClassName, allocationMode, count = 0 } = request;
  const at = `${path}.deviceClassName`;
  if (!deviceClassName) errors.push(required(at));
  else {
    for (const message of isDns1123Subdomain(deviceClassName)) {
      errors.push(invalid(at, deviceClassName, message));
    }
  }
  errors.push(...validateSelectors(request.selectors, `${path}.selectors`));
  if (allocationMode === "All") {
    if (count !== 0) {
      const detail = "must not be specified when allocationMode is 'All'";
      errors.push(invalid(`${path}.count`, count, detail));
    }
  } else if (allocationMode === "ExactCount") {
    if (count <= 0) errors.push(invalid(`${path}.count`, count, "must be greater than zero"));
  } else {
    const allowed = ["All", "ExactCount"];
    errors.push(notSupported(`${path}.allocationMode`, allocationMode ?? "", allowed));
  }
}

/** `request` and `request/alternative`: what constraints and configurations may refer to. */
function requestNames(requests: readonly DeviceRequest[]): ReadonlySet<string> {
  const names = requests.flatMap(({ name, firstAvailable }) => [
    name,
    ...(firstAvailable ?? []).map((alternative) => `${name}/${alternative.name}`),
  ]);
  return new Set(names);
}

function validateReferences(
  references: readonly string[] | undefined,
  path: string,
  names: ReadonlySet<string>,
  errors: FieldError[],
): void {
  const detail =
    "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  references?.forEach((name, index) => {
    const at = `${path}[${index}]`;
    if (!names.has(name)) errors.push(invalid(at, name, detail));
    if (references.indexOf(name) < index) errors.push(duplicate(at, name));
  });
}

function validateConstraint(
  constraint: DeviceConstraint,
  path: string,
  names: ReadonlySet<string>,
  errors: FieldError[],
): void {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  validateReferences(requests, `${path}.requests`, names, errors);
  if (matchAttribute !== undefined) {
    validateAttribute(matchAttribute, `${path}.matchAttribute`, errors);
  } else if (distinctAttribute !== undefined) {
    validateAttribute(distinctAttribute, `${path}.distinctAttribute`, errors);
  } else errors.push(required(`${path}.matchAttribute`));
}

function validateAttribute(name: string, path: string, errors: FieldError[]): void {
  if (name === "") errors.push(required(path));
  else if (!name.includes("/")) {
    const detail = "a fully qualified name must be a domain and a name separated by a slash";
    errors.push(invalid(path, name, detail));
  } else errors.push(...isDeviceName(name).map((message) => invalid(path, name, message)));
}

function validateConfiguration(
  entry: DeviceClaimConfiguration,
  path: string,
  names: ReadonlySet<string>,
  errors: FieldError[],
): void {
  validateReferences(entry.requests, `${path}.requests`, names, errors);
  errors.push(...validateOpaque(entry.opaque, `${path}.opaque`));
}
