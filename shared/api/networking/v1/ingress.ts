import { type FieldError, invalid } from "../../../meta/field_error.ts";
import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateIngressSpec } from "./ingress_validation.ts";
import type { Ingress, IngressRule } from "./types.gen.ts";

/** How ingresses named their class before there was a field for it. */
const classAnnotation = "kubernetes.io/ingress.class";
const MAX_HOSTS_SHOWN = 3;

/** An Ingress routes HTTP from outside to Services, by host and path. */
export const ingress = defineKind<Ingress>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "Ingress",
  plural: "ingresses",
  shortNames: ["ing"],
  scope: "Namespaced",
  schema: schemaOf("networking.k8s.io/v1", "Ingress"),
  subresources: { status: true },
  columns: [
    nameColumn(),
    { name: "Class", type: "string", cell: (obj) => obj.spec?.ingressClassName ?? "<none>" },
    { name: "Hosts", type: "string", cell: (obj) => hostsOf(obj.spec?.rules ?? []) },
    { name: "Address", type: "string", cell: addressesOf },
    { name: "Ports", type: "string", cell: (obj) => obj.spec?.tls?.length ? "80, 443" : "80" },
    ageColumn(),
  ],
  strategy: {
    generationOf: (obj) => obj.spec,
    validate: (obj) => validateIngressSpec(obj.spec ?? {}, "spec"),
    validateCreate: validateClass,
    warnings: (obj, old) =>
      old === undefined && obj.metadata.annotations?.[classAnnotation] !== undefined
        ? [
          `annotation "${classAnnotation}" is deprecated, please use 'spec.ingressClassName' instead`,
        ]
        : [],
  },
});

function validateClass(obj: Ingress): readonly FieldError[] {
  const annotation = obj.metadata.annotations?.[classAnnotation];
  const name = obj.spec?.ingressClassName;
  if (annotation === undefined || name === undefined || annotation === name) return [];
  const detail = "must match `ingressClassName` when both are specified";
  return [invalid(`annotations.${classAnnotation}`, annotation, detail)];
}

function hostsOf(rules: readonly IngressRule[]): string {
  const hosts: string[] = [];
  let isCut = false;
  for (const { host } of rules) {
    if (hosts.length === MAX_HOSTS_SHOWN) isCut = true;
    else if (host) hosts.push(host);
  }
  if (hosts.length === 0) return "*";
  const shown = hosts.join(",");
  return isCut ? `${shown} + ${rules.length - MAX_HOSTS_SHOWN} more...` : shown;
}

function addressesOf(obj: Ingress): string {
  const addresses = new Set<string>();
  for (const { ip, hostname } of obj.status?.loadBalancer?.ingress ?? []) {
    const address = ip || hostname;
    if (address) addresses.add(address);
  }
  return [...addresses].sort().join(",");
}
