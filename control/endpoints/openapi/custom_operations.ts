import type { KindDefinition } from "../../../shared/api/kind.ts";
import type { OpenApiVersion } from "./published_schema.ts";

/** One operation on a custom resource, before it is written in a version of OpenAPI. */
export interface Operation {
  readonly path: string;
  readonly method: "get" | "post" | "put" | "delete" | "patch";
  readonly action: string;
  readonly operationId: string;
  readonly tag: string;
  readonly kind: KindDefinition;
  /** Names of schemas: what comes back, and what is sent. */
  readonly answer: string;
  readonly body?: { readonly schema: string; readonly required: boolean };
  readonly codes: readonly number[];
  readonly parameters: readonly Parameter[];
}

/** A parameter of the path or the query. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly type: "string" | "integer" | "boolean";
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1";
/** What a scale subresource speaks. */
export const scaleSchema = "io.k8s.api.autoscaling.v1.Scale";

const query = (type: Parameter["type"], ...names: readonly string[]): readonly Parameter[] =>
  names.map((name) => ({ name, in: "query", type }));
const writing = query("string", "dryRun", "fieldManager", "fieldValidation");
const listing = [
  ...query("boolean", "allowWatchBookmarks", "sendInitialEvents", "watch"),
  ...query("string", "continue", "fieldSelector", "labelSelector"),
  ...query("integer", "limit", "timeoutSeconds"),
  ...query("string", "resourceVersion", "resourceVersionMatch", "shardSelector"),
];

/** The options of each action. */
const options: Readonly<Record<string, readonly Parameter[]>> = {
  get: query("string", "resourceVersion"),
  list: listing,
  deletecollection: listing,
  put: writing,
  post: writing,
  patch: [...writing, ...query("boolean", "force")],
  delete: [
    ...query("string", "dryRun", "propagationPolicy"),
    ...query("integer", "gracePeriodSeconds"),
    ...query("boolean", "ignoreStoreReadErrorWithClusterBreakingPotential", "orphanDependents"),
  ],
};

/** The name of a kind's schema: the group backwards, then version and kind. */
export function modelName(kind: KindDefinition, name = kind.kind): string {
  return `${kind.group.split(".").reverse().join(".")}.${kind.version}.${name}`;
}

/** Every operation that a custom kind has. */
export function operationsOf(kind: KindDefinition): readonly Operation[] {
  const model = modelName(kind);
  const parts: readonly (readonly [string, string, string])[] = [
    ...(kind.subresources?.status ? [["status", "Status", model] as const] : []),
    ...(kind.subresources?.scale ? [["scale", "Scale", scaleSchema] as const] : []),
  ];
  const namespaced = kind.scope === "Namespaced";
  const base = `/apis/${kind.group}/${kind.version}`;
  const place = namespaced ? `${base}/namespaces/{namespace}` : base;
  const root = `${place}/${kind.plural}`;
  const infix = (namespaced ? "Namespaced" : "") + kind.kind;
  const list = { answer: modelName(kind, kind.listKind), codes: [200] };
  const add = adder(kind);
  const across = namespaced
    ? [
      add(["get", "list"], `${base}/${kind.plural}`, {
        ...list,
        name: `list${kind.kind}ForAllNamespaces`,
      }),
    ]
    : [];
  const status = `${meta}.Status`;
  return [
    ...across,
    add(["get", "list"], root, { ...list, name: `list${infix}` }),
    add(["post", "post"], root, {
      answer: model,
      codes: [200, 201, 202],
      body: { schema: model, required: true },
      name: `create${infix}`,
    }),
    add(["delete", "deletecollection"], root, {
      answer: status,
      codes: [200],
      name: `deletecollection${infix}`,
    }),
    add(["delete", "delete"], `${root}/{name}`, {
      answer: status,
      codes: [200, 202],
      body: { schema: `${meta}.DeleteOptions`, required: false },
      name: `delete${infix}`,
    }),
    ...objectOperations(add, `${root}/{name}`, { answer: model, infix }),
    ...parts.flatMap(([part, title, answer]) =>
      objectOperations(add, `${root}/{name}/${part}`, { answer, infix: infix + title })
    ),
  ];
}

type Add = ReturnType<typeof adder>;

/** Reading and changing one object, or a part of one. */
function objectOperations(
  add: Add,
  path: string,
  { answer, infix }: { readonly answer: string; readonly infix: string },
): Operation[] {
  const body = { schema: answer, required: true };
  const patch = { schema: `${meta}.Patch`, required: true };
  return [
    add(["get", "get"], path, { answer, codes: [200], name: `read${infix}` }),
    add(["put", "put"], path, { answer, codes: [200, 201], body, name: `replace${infix}` }),
    add(["patch", "patch"], path, { answer, codes: [200], body: patch, name: `patch${infix}` }),
  ];
}

function adder(kind: KindDefinition) {
  return (
    [method, action]: readonly [Operation["method"], string],
    path: string,
    { name, ...rest }: Pick<Operation, "answer" | "codes" | "body"> & { readonly name: string },
  ): Operation => {
    const parameters = [...pathParameters(path), ...query("string", "pretty"), ...options[action]!];
    return { kind, path, method, action, ...operationIdOf(kind, name), ...rest, parameters };
  };
}

function pathParameters(path: string): Parameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    type: "string",
  }));
}

const verbPrefixes = ["create", "delete", "list", "patch", "read", "replace"];

/** `list` and the rest become `listExampleComV1NamespacedWidget`. */
function operationIdOf(
  { group, version }: KindDefinition,
  name: string,
): Pick<Operation, "operationId" | "tag"> {
  const verb = verbPrefixes.find((prefix) => name.startsWith(prefix))!;
  const trimmed = group.replace(/\.k8s\.io$/, "");
  const rest = identifier(name.slice(verb.length), true);
  return {
    operationId: verb + identifier(trimmed, true) + identifier(version, true) + rest,
    tag: `${identifier(trimmed, false)}_${identifier(version, false)}`,
  };
}

/** Letters and digits; what follows anything else becomes a capital. */
function identifier(text: string, capital: boolean): string {
  let out = "";
  let upper = capital;
  for (const [i, char] of [...text].entries()) {
    if (/[\p{L}_]/u.test(char) || (i > 0 && /\d/.test(char))) {
      out += upper ? char.toUpperCase() : char;
      upper = false;
    } else upper = true;
  }
  return out;
}

/** Media types that bodies are sent in. */
export function consumed({ method }: Operation): readonly string[] {
  if (method !== "patch") return produced;
  return [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
  ];
}

/** Media types that answers come in. */
export const produced: readonly string[] = ["application/json", "application/yaml"];

type Values = Record<string, unknown>;

/** Operations by path, in a version of OpenAPI; `write` writes one. Parameters that all of a path share stand once. */
export function pathsOf(
  operations: readonly Operation[],
  version: OpenApiVersion,
  write: (operation: Operation, own: readonly Parameter[]) => Values,
): Values {
  const byPath = Object.groupBy(operations, ({ path }) => path);
  const paths: Values = {};
  for (const path of Object.keys(byPath).sort()) {
    const group = byPath[path]!;
    const isShared = ({ name }: Parameter) =>
      group.every(({ parameters }) => parameters.some((other) => other.name === name));
    const item: Values = {};
    for (const operation of group) {
      const own = operation.parameters.filter((parameter) => !isShared(parameter));
      item[operation.method] = write(operation, own.toSorted(byName));
    }
    const shared = group[0]!.parameters.filter(isShared).toSorted(byName);
    item.parameters = shared.map((parameter) => writeParameter(parameter, version));
    paths[path] = item;
  }
  return paths;
}

function byName(a: Parameter, b: Parameter): number {
  return a.name < b.name ? -1 : 1;
}

/** A parameter in a version of OpenAPI. */
export function writeParameter(parameter: Parameter, version: OpenApiVersion): Values {
  const { name, type } = parameter;
  const place = { name, in: parameter.in, ...(parameter.in === "path" && { required: true }) };
  const schema = { type, uniqueItems: true };
  return version === "v2" ? { ...schema, ...place } : { ...place, schema };
}
