import { parseIp, validateIp } from "../../../meta/addresses.ts";
import {
  duplicate,
  type FieldError,
  invalid,
  required,
  tooMany,
} from "../../../meta/field_error.ts";
import { isDns1123Label, isDns1123Subdomain, isQualifiedName } from "../../../meta/names.ts";
import { validateFullyQualifiedDomainName } from "../../../meta/validate_domain.ts";
import { validateNonSpecialIp } from "../../core/v1/special_addresses.ts";
import { check, oneOf } from "../../validation.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "./types.gen.ts";

const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20000;

export function validateEndpointSlice(obj: EndpointSlice): readonly FieldError[] {
  const { addressType, endpoints, ports } = obj;
  return [
    ...(addressType
      ? oneOf(addressType, "addressType", ["FQDN", "IPv4", "IPv6"])
      : [required("addressType")]),
    ...validateEndpoints(endpoints ?? [], addressType),
    ...validatePorts(ports ?? []),
  ];
}

export function validateEndpointSliceUpdate(
  obj: EndpointSlice,
  old: EndpointSlice,
): readonly FieldError[] {
  // The reference shows no value here.
  return obj.addressType === old.addressType
    ? []
    : [invalid("addressType", null, "field is immutable")];
}

function validateEndpoints(endpoints: readonly Endpoint[], type: string): readonly FieldError[] {
  if (endpoints.length > MAX_ENDPOINTS) {
    return [tooMany("endpoints", endpoints.length, MAX_ENDPOINTS)];
  }
  return endpoints.flatMap((endpoint, i) => [
    ...validateEndpoint(endpoint, type, `endpoints[${i}]`),
  ]);
}

function validateEndpoint(
  endpoint: Endpoint,
  type: string,
  path: string,
): readonly FieldError[] {
  const { nodeName, hostname } = endpoint;
  const addresses = endpoint.addresses ?? [];
  const at = `${path}.addresses`;
  const errors: FieldError[] = [];
  if (addresses.length === 0) errors.push(required(at));
  if (addresses.length > MAX_ADDRESSES) errors.push(tooMany(at, addresses.length, MAX_ADDRESSES));
  addresses.forEach((address, i) => {
    errors.push(...validateAddress(address, type, `${at}[${i}]`, at));
  });
  if (nodeName !== undefined) {
    errors.push(...check(nodeName, `${path}.nodeName`, isDns1123Subdomain));
  }
  if (hostname !== undefined) {
    errors.push(...check(hostname, `${path}.hostname`, isDns1123Label));
  }
  return errors;
}

function validateAddress(
  address: string,
  type: string,
  path: string,
  listPath: string,
): readonly FieldError[] {
  if (type === "FQDN") return validateFullyQualifiedDomainName(address, path);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const errors = validateIp(address, path);
  if (errors.length > 0) return errors;
  const article = type === "IPv4" ? "an IPv4" : "an IPv6";
  const wrongFamily = parseIp(address)?.family === type
    ? []
    : [invalid(listPath, address, `must be ${article} address`)];
  return [...wrongFamily, ...validateNonSpecialIp(address, path)];
}

function validatePorts(ports: readonly EndpointPort[]): readonly FieldError[] {
  if (ports.length > MAX_PORTS) return [tooMany("ports", ports.length, MAX_PORTS)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  ports.forEach(({ name = "", protocol, appProtocol }, i) => {
    const path = `ports[${i}]`;
    if (name !== "") errors.push(...check(name, `${path}.name`, isDns1123Label));
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
    if (!protocol) errors.push(required(`${path}.protocol`));
    else errors.push(...oneOf(protocol, `${path}.protocol`, ["SCTP", "TCP", "UDP"]));
    if (appProtocol !== undefined) {
      errors.push(...check(appProtocol, `${path}.appProtocol`, isQualifiedName));
    }
  });
  return errors;
}
