/**
 * Regenerates everything that is a published fact of the Kubernetes API: the schema data, the TypeScript types,
 * the client's resource table and the OpenAPI documents.
 *
 *     deno run --allow-read --allow-write --allow-run=deno tools/generate_api.ts FACTS_DIR
 *
 * FACTS_DIR holds `types.json`, `openapi/`, `discovery/`, `bootstrap.json` as recorded from a reference server.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { Buffer } from "node:buffer";

type FieldFact = [name: string, type: string, flags: string, proto: number];
interface TypeFacts {
  kinds: Record<string, string>;
  types: Record<string, FieldFact[] | "custom">;
}
interface OpenApiNode {
  type?: string;
  format?: string;
  enum?: unknown[];
  default?: unknown;
  required?: string[];
  properties?: Record<string, OpenApiNode>;
  items?: OpenApiNode;
  $ref?: string;
  allOf?: OpenApiNode[];
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-map-type"?: string;
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-patch-merge-key"?: string;
  "x-kubernetes-patch-strategy"?: string;
}
interface Resource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
  group?: string;
  version?: string;
}

const facts = Deno.args[0];
if (!facts) throw new TypeError("Cannot generate: the folder of API facts is missing");
const readJson = (path: string) => JSON.parse(Deno.readTextFileSync(`${facts}/${path}`));
const root = new URL("../", import.meta.url).pathname;
const types: TypeFacts = readJson("types.json");
const definitions: Record<string, OpenApiNode> = readJson("openapi/v2.json").definitions;

/** `k8s.io.api.core.v1.Pod` is published as `io.k8s.api.core.v1.Pod`. */
function definitionOf(goType: string): OpenApiNode | undefined {
  return definitions["io.k8s." + goType.replace(/^k8s\.io\./, "")];
}

interface ProtoField {
  number: number;
  repeated?: boolean;
}
const messages: Record<string, Record<string, ProtoField>> = readJson("proto.json");

/** A list whose type is a protobuf message of its own, with one repeated field. */
function isWrappedList(goType: string, type: string, proto: number): boolean {
  if (!type.startsWith("[]") || type === "[]uint8") return false;
  const message = messages[goType.replaceAll("-", "_")];
  const field = Object.values(message ?? {}).find(({ number }) => number === proto);
  return field !== undefined && field.repeated !== true;
}

/** Go package to the folder that holds its types. */
function folderOf(goType: string): string {
  const parts = goType.replace(/^k8s\.io\./, "").split(".");
  parts.pop();
  if (parts[0] === "api") return `shared/api/${parts[1]}/${parts[2]}`;
  const known: Record<string, string> = {
    "apiextensions-apiserver.pkg.apis.apiextensions.v1": "shared/api/apiextensions/v1",
    "kube-aggregator.pkg.apis.apiregistration.v1": "shared/api/apiregistration/v1",
    "metrics.pkg.apis.metrics.v1beta1": "shared/api/metrics/v1beta1",
    "apimachinery.pkg.apis.meta.v1": "shared/meta",
  };
  return known[parts.join(".")] ?? "shared/meta";
}
const shortName = (goType: string) => goType.slice(goType.lastIndexOf(".") + 1);

const customTypes: Record<string, string> = {
  Quantity: "string",
  Time: "string",
  MicroTime: "string",
  Duration: "string",
  IntOrString: "number | string",
  FieldsV1: "Record<string, unknown>",
  RawExtension: "Record<string, unknown>",
  JSON: "unknown",
  JSONSchemaPropsOrArray: "JSONSchemaProps | JSONSchemaProps[]",
  JSONSchemaPropsOrBool: "JSONSchemaProps | boolean",
  JSONSchemaPropsOrStringArray: "JSONSchemaProps | string[]",
};
const scalarTypes: Record<string, string> = {
  string: "string",
  bool: "boolean",
  int32: "number",
  int64: "number",
  float64: "number",
  any: "unknown",
};

/** The TypeScript type of a Go type; every struct it names goes to `used`. */
function tsType(goType: string, used: Set<string>): string {
  if (goType.startsWith("*")) return tsType(goType.slice(1), used);
  if (goType === "[]uint8") return "string";
  if (goType.startsWith("[]")) {
    const item = tsType(goType.slice(2), used);
    return item.includes("|") ? `(${item})[]` : `${item}[]`;
  }
  if (goType.startsWith("map[string]")) {
    return `Record<string, ${tsType(goType.slice("map[string]".length), used)}>`;
  }
  const scalar = scalarTypes[goType];
  if (scalar) return scalar;
  if (types.types[goType] === "custom") return customTypes[shortName(goType)]!;
  if (!types.types[goType]) throw new TypeError(`Unknown Go type "${goType}"`);
  used.add(goType);
  return shortName(goType);
}

/** Inlined structs are flattened, as encoding/json does. */
function fieldsOf(goType: string): FieldFact[] {
  const fields = types.types[goType];
  if (!Array.isArray(fields)) return [];
  return fields.flatMap((field) =>
    field[2].includes("i") ? fieldsOf(field[1].replace(/^\*/, "")) : [field]
  );
}

/**
 * Defaults of the fields that are keys of list maps, by `goType field`. Server-side apply needs them to name an item
 * that leaves a key out; of the published documents only version 3 has them.
 */
function defaultsOfListKeys(): Map<string, unknown> {
  const schemas: Record<string, OpenApiNode> = {};
  for (const file of Object.values<string>(readJson("openapi/v3/index.json"))) {
    Object.assign(schemas, readJson(`openapi/v3/${file}`).components?.schemas);
  }
  const defaults = new Map<string, unknown>();
  for (const property of Object.values(schemas).flatMap((s) => Object.values(s.properties ?? {}))) {
    const items = property.items;
    const ref = items?.$ref ?? items?.allOf?.[0]?.$ref;
    const name = ref?.slice(ref.lastIndexOf("/") + 1);
    for (const key of property["x-kubernetes-list-map-keys"] ?? []) {
      const standard = name && schemas[name]?.properties?.[key]?.default;
      if (standard !== undefined) {
        defaults.set(`${name!.replace("io.k8s.", "k8s.io.")} ${key}`, standard);
      }
    }
  }
  return defaults;
}
const keyDefaults = defaultsOfListKeys();

/** The generated data: one compact row a field, in the order in which the reference encodes it. */
function schemaData() {
  const out: Record<string, unknown> = {};
  for (const [goType, fields] of Object.entries(types.types)) {
    if (fields === "custom") {
      out[goType] = "custom";
      continue;
    }
    const definition = definitionOf(goType);
    const rows = fields.map(([name, type, flags, proto]) => {
      const property = definition?.properties?.[name];
      const extra: Record<string, unknown> = {};
      if (property?.["x-kubernetes-list-type"]) extra.listType = property["x-kubernetes-list-type"];
      if (property?.["x-kubernetes-map-type"]) extra.mapType = property["x-kubernetes-map-type"];
      if (property?.["x-kubernetes-list-map-keys"]) {
        extra.mapKeys = property["x-kubernetes-list-map-keys"];
      }
      if (property?.["x-kubernetes-patch-merge-key"]) {
        extra.mergeKey = property["x-kubernetes-patch-merge-key"];
      }
      if (property?.["x-kubernetes-patch-strategy"]) {
        extra.patch = property["x-kubernetes-patch-strategy"];
      }
      const standard = property?.default ?? keyDefaults.get(`${goType} ${name}`);
      // Of a field that is always written, the zero value goes without saying.
      if (standard !== undefined && flags.includes("e")) extra.default = standard;
      if (property?.enum) extra.enum = property.enum;
      if (isWrappedList(goType, type, proto)) extra.protoItems = true;
      const short = type.replaceAll("k8s.io.", "~");
      return Object.keys(extra).length
        ? [name, short, flags, proto, extra]
        : [name, short, flags, proto];
    });
    const atomic = definition?.["x-kubernetes-map-type"] === "atomic";
    out[goType.replace("k8s.io.", "~")] = atomic ? { atomic: true, fields: rows } : rows;
  }
  const kinds = Object.fromEntries(
    Object.entries(types.kinds).map(([gvk, goType]) => [gvk, goType.replace("k8s.io.", "~")]),
  );
  return {
    kinds,
    types: Object.fromEntries(Object.entries(out).map(([k, v]) => [k.replace("k8s.io.", "~"), v])),
  };
}

function interfaceText(goType: string, used: Set<string>): string {
  const definition = definitionOf(goType);
  const required = new Set(definition?.required ?? []);
  const fields = fieldsOf(goType);
  const isObject = fields.some(([name]) => name === "kind") &&
    fields.some(([name]) => name === "apiVersion") &&
    fields.some(([name]) => name === "metadata");
  const isList = isObject && fields.some(([name]) => name === "items");
  const lines = fields.map(([name, type]) => {
    const must = required.has(name) ||
      (isObject && ["apiVersion", "kind", "metadata"].includes(name)) ||
      (isList && name === "items");
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    const text = tsType(type, used);
    return must ? `  ${key}: ${text};` : `  ${key}?: ${text} | undefined;`;
  });
  return `export interface ${shortName(goType)} {\n${lines.join("\n")}\n}`;
}

function writeTypes() {
  const files = new Map<string, { text: string[]; used: Set<string>; own: Set<string> }>();
  for (const goType of Object.keys(types.types).sort()) {
    if (types.types[goType] === "custom") continue;
    const folder = folderOf(goType);
    const file = files.get(folder) ?? { text: [], used: new Set(), own: new Set() };
    files.set(folder, file);
    file.own.add(goType);
    file.text.push(interfaceText(goType, file.used));
  }
  for (const [folder, { text, used, own }] of files) {
    const imports = new Map<string, string[]>();
    for (const goType of used) {
      if (own.has(goType)) continue;
      const from = folderOf(goType);
      imports.set(from, [...(imports.get(from) ?? []), shortName(goType)]);
    }
    const depth = folder.split("/").length;
    const head = [...imports].sort().map(([from, names]) => {
      const path = `${"../".repeat(depth)}${from}/types.gen.ts`.replace(
        /^\.\.\/\.\.\/\.\.\/\.\.\/shared\//,
        "../../../",
      );
      return `import type { ${[...new Set(names)].sort().join(", ")} } from "${
        path.replace(/^\.\.\/\.\.\/shared\//, "../")
      }";`;
    });
    Deno.mkdirSync(root + folder, { recursive: true });
    Deno.writeTextFileSync(
      `${root}${folder}/types.gen.ts`,
      [
        "// Generated by tools/generate_api.ts from the published API types. Do not edit.",
        ...head,
        "",
        text.join("\n\n"),
        "",
      ].join("\n"),
    );
  }
}

/** Group as the API spells it for a discovery list file such as `apis_apps_v1`. */
function writeResources() {
  const imports = new Map<string, Set<string>>();
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const file of [...Deno.readDirSync(`${facts}/discovery/lists`)].map((f) => f.name).sort()) {
    const list = readJson(`discovery/lists/${file}`) as {
      groupVersion: string;
      resources: Resource[];
    };
    const [group, version] = list.groupVersion.includes("/")
      ? list.groupVersion.split("/") as [string, string]
      : ["", list.groupVersion];
    for (const resource of list.resources) {
      if (
        resource.name.includes("/") ||
        !resource.verbs.includes("create") && resource.name !== "componentstatuses"
      ) continue;
      const goType = types.kinds[`${group ? group + "/" : ""}${version}/${resource.kind}`]!;
      const folder = folderOf(goType);
      const alias = `${resource.kind}__${folder.replace(/^shared\/api\//, "").replace(/\W/g, "_")}`;
      imports.set(folder, (imports.get(folder) ?? new Set()).add(`${resource.kind} as ${alias}`));
      let name = resource.name;
      if (seen.has(name)) {
        name = `${name}${group.split(".")[0]![0]!.toUpperCase()}${
          group.split(".")[0]!.slice(1)
        }${version.toUpperCase()}`;
      }
      seen.add(name);
      lines.push(
        `  ${name}: define<${alias}>(${JSON.stringify(group)}, ${JSON.stringify(version)}, ${
          JSON.stringify(resource.kind)
        }, ${JSON.stringify(resource.name)}, ${resource.namespaced}),`,
      );
    }
  }
  const head = [...imports].sort().map(([folder, names]) =>
    `import type { ${[...names].sort().join(", ")} } from "${
      folder.replace("shared/", "../")
    }/types.gen.ts";`
  );
  Deno.mkdirSync(`${root}shared/client`, { recursive: true });
  Deno.writeTextFileSync(
    `${root}shared/client/resources.gen.ts`,
    `// Generated by tools/generate_api.ts from the published discovery documents. Do not edit.\nimport { defineResource as define } from "./resource.ts";\n${
      head.join("\n")
    }\n\n/** Every resource of the built-in API, typed, by its plural name. */\nexport const resources = {\n${
      lines.join("\n")
    }\n};\n`,
  );
}

/** OpenAPI documents are served as they were published: gzipped, in a module that is loaded when first asked for. */
function writeOpenApi() {
  const folder = `${root}control/endpoints/openapi`;
  Deno.mkdirSync(`${folder}/data`, { recursive: true });
  const pack = (path: string) =>
    Buffer.from(gzipSync(Buffer.from(JSON.stringify(readJson(path))), { level: 9 })).toString(
      "base64",
    );
  const index = readJson("openapi/v3/index.json") as Record<string, string>;
  const rows = Object.entries(index).map(([path, file]) =>
    `  ${JSON.stringify(path)}: ${JSON.stringify(pack(`openapi/v3/${file}`))},`
  );
  Deno.writeTextFileSync(
    `${folder}/data/documents.gen.ts`,
    `// Generated by tools/generate_api.ts. Gzipped and base64-encoded OpenAPI documents as published. Do not edit.\nexport const v2 =\n  ${
      JSON.stringify(pack("openapi/v2.json"))
    };\nexport const v3: Readonly<Record<string, string>> = {\n${rows.join("\n")}\n};\n`,
  );
}

Deno.mkdirSync(`${root}shared/schema/data`, { recursive: true });
Deno.writeTextFileSync(
  `${root}shared/schema/data/schema.json`,
  JSON.stringify(schemaData()) + "\n",
);
writeTypes();
writeResources();
writeOpenApi();
