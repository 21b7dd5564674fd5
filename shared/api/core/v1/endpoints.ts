import { schemaOf } from "../../../schema/schema.ts";
import { defineKind } from "../../kind.ts";
import { ageColumn, nameColumn } from "../../table_columns.ts";
import { validateEndpoints } from "./endpoints_validation.ts";
import type { Endpoints } from "./types.gen.ts";

/** How many addresses the table shows. */
const SHOWN_ADDRESSES = 3;

/** The addresses behind a service, in the old form; EndpointSlice is the new one. */
export const endpoints = defineKind<Endpoints>({
  group: "",
  version: "v1",
  kind: "Endpoints",
  plural: "endpoints",
  shortNames: ["ep"],
  scope: "Namespaced",
  schema: schemaOf("v1", "Endpoints"),
  columns: [
    nameColumn(),
    { name: "Endpoints", type: "string", cell: formatEndpoints },
    ageColumn(),
  ],
  deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  strategy: {
    allowCreateOnUpdate: true,
    defaults(obj) {
      for (const subset of obj.subsets ?? []) {
        for (const port of subset.ports ?? []) port.protocol ||= "TCP";
      }
    },
    validate: validateEndpoints,
  },
});

function formatEndpoints(obj: Endpoints): string {
  const shown: string[] = [];
  let count = 0;
  for (const { addresses = [], ports = [] } of obj.subsets ?? []) {
    const numbers = ports.length === 0 ? [undefined] : ports.map((port) => port.port);
    for (const number of numbers) {
      for (const { ip } of addresses) {
        if (count++ < SHOWN_ADDRESSES) shown.push(number === undefined ? ip : join(ip, number));
      }
    }
  }
  if (count === 0) return "<none>";
  const text = shown.join(",");
  return count > SHOWN_ADDRESSES ? `${text} + ${count - SHOWN_ADDRESSES} more...` : text;
}

function join(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
