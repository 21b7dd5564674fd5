import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateEndpointSlice, validateEndpointSliceUpdate } from "./endpoint_slice_validation.ts";
import type { EndpointSlice } from "./types.gen.ts";

/** How many ports or addresses the table shows. */
const SHOWN = 3;

/** Some of the addresses behind a service. */
export const endpointSlice = defineKind<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  scope: "Namespaced",
  schema: schemaOf("discovery.k8s.io/v1", "EndpointSlice"),
  columns: [
    nameColumn(),
    { name: "AddressType", type: "string", cell: (obj) => obj.addressType ?? "" },
    { name: "Ports", type: "string", cell: portsOf },
    { name: "Endpoints", type: "string", cell: addressesOf },
    ageColumn(),
  ],
  strategy: {
    defaults(obj) {
      for (const port of obj.ports ?? []) {
        port.name ??= "";
        port.protocol ??= "TCP";
      }
    },
    prepareForCreate(obj) {
      for (const endpoint of obj.endpoints ?? []) delete endpoint.deprecatedTopology;
    },
    generationOf: ({ addressType, endpoints, ports, metadata }) => ({
      addressType,
      endpoints,
      ports,
      labels: metadata.labels,
    }),
    validate: validateEndpointSlice,
    validateUpdate: validateEndpointSliceUpdate,
    warnings: ({ addressType }) =>
      addressType === "FQDN" ? ["spec.addressType: FQDN endpoints are deprecated"] : [],
  },
});

function portsOf({ ports }: EndpointSlice): string {
  return someOf(
    (ports ?? []).map(({ port, name }) => port === undefined ? name || "*" : String(port)),
  );
}

function addressesOf({ endpoints }: EndpointSlice): string {
  return someOf((endpoints ?? []).flatMap(({ addresses }) => addresses ?? []));
}

function someOf(texts: readonly string[]): string {
  if (texts.length === 0) return "<unset>";
  const shown = texts.slice(0, SHOWN).join(",");
  return texts.length > SHOWN ? `${shown} + ${texts.length - SHOWN} more...` : shown;
}
