import { validateIp } from "../../../meta/addresses.ts";
import { type FieldError, invalid, required } from "../../../meta/field_error.ts";
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPortNumber,
  isQualifiedName,
} from "../../../meta/names.ts";
import { check, checkRequired, oneOf } from "../../validation.ts";
import { validateNonSpecialIp } from "./special_addresses.ts";
import type { EndpointAddress, EndpointPort, Endpoints, EndpointSubset } from "./types.gen.ts";

export function validateEndpoints(obj: Endpoints): readonly FieldError[] {
  return (obj.subsets ?? []).flatMap((subset, i) => [...validateSubset(subset, `subsets[${i}]`)]);
}

function validateSubset(subset: EndpointSubset, path: string): readonly FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  const errors: FieldError[] = [];
  if (addresses.length === 0 && notReadyAddresses.length === 0) {
    errors.push(required(path, "must specify `addresses` or `notReadyAddresses`"));
  }
  addresses.forEach((address, i) => {
    errors.push(...validateAddress(address, `${path}.addresses[${i}]`));
  });
  notReadyAddresses.forEach((address, i) => {
    errors.push(...validateAddress(address, `${path}.notReadyAddresses[${i}]`));
  });
  ports.forEach((port, i) => {
    errors.push(...validatePort(port, ports.length > 1, `${path}.ports[${i}]`));
  });
  return errors;
}

function validateAddress(
  { ip = "", hostname, nodeName }: EndpointAddress,
  path: string,
): readonly FieldError[] {
  const errors = [...validateIp(ip, `${path}.ip`)];
  if (hostname) errors.push(...check(hostname, `${path}.hostname`, isDns1123Label));
  if (nodeName !== undefined) {
    errors.push(...check(nodeName, `${path}.nodeName`, isDns1123Subdomain));
  }
  errors.push(...validateNonSpecialIp(ip, `${path}.ip`));
  return errors;
}

function validatePort(
  { name, port, protocol, appProtocol }: EndpointPort,
  needsName: boolean,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (needsName || name) errors.push(...checkRequired(name, `${path}.name`, isDns1123Label));
  errors.push(...isPortNumber(port ?? 0).map((m) => invalid(`${path}.port`, port ?? 0, m)));
  if (!protocol) errors.push(required(`${path}.protocol`));
  else errors.push(...oneOf(protocol, `${path}.protocol`, ["SCTP", "TCP", "UDP"]));
  if (appProtocol !== undefined) {
    errors.push(...check(appProtocol, `${path}.appProtocol`, isQualifiedName));
  }
  return errors;
}
