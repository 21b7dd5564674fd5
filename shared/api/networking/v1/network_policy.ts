import { containsNetwork, parseCidr, validateCidr } from "../../../meta/addresses.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../../meta/field_error.ts";
import { isPortName, isPortNumber } from "../../../meta/names.ts";
import { validateLabelSelector } from "../../../meta/validate_label_selector.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { formatLabelSelector } from "../../selector_text.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from "./types.gen.ts";

/** A NetworkPolicy says which traffic may reach or leave the pods that it selects. */
export const networkPolicy = defineKind<NetworkPolicy>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  shortNames: ["netpol"],
  scope: "Namespaced",
  schema: schemaOf("networking.k8s.io/v1", "NetworkPolicy"),
  columns: [
    nameColumn(),
    {
      name: "Pod-Selector",
      type: "string",
      cell: (obj) => formatLabelSelector(obj.spec?.podSelector),
    },
    ageColumn(),
  ],
  strategy: {
    defaults,
    generationOf: (obj) => obj.spec,
    validate: (obj) => validateSpec(obj.spec ?? {}, "spec"),
  },
});

function defaults(obj: NetworkPolicy): void {
  const spec = obj.spec ??= {};
  for (const { ports } of [...spec.ingress ?? [], ...spec.egress ?? []]) {
    for (const port of ports ?? []) port.protocol ??= "TCP";
  }
  if (!spec.policyTypes?.length) {
    spec.policyTypes = spec.egress?.length ? ["Ingress", "Egress"] : ["Ingress"];
  }
}

function validateSpec(spec: NetworkPolicySpec, path: string): readonly FieldError[] {
  const errors = [...validateLabelSelector(spec.podSelector, `${path}.podSelector`)];
  spec.ingress?.forEach(({ ports, from }, index) => {
    const at = `${path}.ingress[${index}]`;
    ports?.forEach((port, i) => validatePort(port, `${at}.ports[${i}]`, errors));
    from?.forEach((peer, i) => validatePeer(peer, `${at}.from[${i}]`, errors));
  });
  spec.egress?.forEach(({ ports, to }, index) => {
    const at = `${path}.egress[${index}]`;
    ports?.forEach((port, i) => validatePort(port, `${at}.ports[${i}]`, errors));
    to?.forEach((peer, i) => validatePeer(peer, `${at}.to[${i}]`, errors));
  });
  validateTypes(spec.policyTypes ?? [], `${path}.policyTypes`, errors);
  return errors;
}

function validateTypes(types: readonly string[], path: string, errors: FieldError[]): void {
  const allowed = ["Ingress", "Egress"];
  if (types.length > allowed.length) {
    errors.push(invalid(path, types, "may not specify more than two policyTypes"));
    return;
  }
  types.forEach((type, index) => {
    if (!allowed.includes(type)) errors.push(notSupported(`${path}[${index}]`, type, allowed));
  });
}

function validatePort(entry: NetworkPolicyPort, path: string, errors: FieldError[]): void {
  const { protocol, port, endPort } = entry;
  const protocols = ["TCP", "UDP", "SCTP"];
  if (protocol !== undefined && !protocols.includes(protocol)) {
    errors.push(notSupported(`${path}.protocol`, protocol, protocols));
  }
  const endError = (detail: string) => errors.push(invalid(`${path}.endPort`, endPort, detail));
  if (port === undefined) {
    if (endPort !== undefined) endError("may not be specified when `port` is not specified");
  } else if (typeof port === "string") {
    if (endPort !== undefined) endError("may not be specified when `port` is non-numeric");
    for (const message of isPortName(port)) errors.push(invalid(`${path}.port`, port, message));
  } else {
    for (const message of isPortNumber(port)) errors.push(invalid(`${path}.port`, port, message));
    if (endPort === undefined) return;
    if (endPort < port) endError("must be greater than or equal to `port`");
    for (const message of isPortNumber(endPort)) endError(message);
  }
}

function validatePeer(peer: NetworkPolicyPeer, path: string, errors: FieldError[]): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  errors.push(
    ...validateLabelSelector(podSelector, `${path}.podSelector`),
    ...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`),
  );
  if (ipBlock) validateBlock(ipBlock, `${path}.ipBlock`, errors);
  if (!podSelector && !namespaceSelector && !ipBlock) {
    errors.push(required(path, "must specify a peer"));
  } else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbidden(path, "may not specify both ipBlock and another peer"));
  }
}

function validateBlock({ cidr, except }: IPBlock, path: string, errors: FieldError[]): void {
  if (!cidr) {
    errors.push(required(`${path}.cidr`));
    return;
  }
  errors.push(...validateCidr(cidr, `${path}.cidr`));
  const outer = parseCidr(cidr);
  if (!outer) return;
  except?.forEach((text, index) => {
    const at = `${path}.except[${index}]`;
    errors.push(...validateCidr(text, at));
    const inner = parseCidr(text);
    if (inner && !(containsNetwork(outer, inner) && outer.length < inner.length)) {
      errors.push(invalid(at, text, "must be a strict subset of `cidr`"));
    }
  });
}
