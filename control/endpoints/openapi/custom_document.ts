import type { KindDefinition } from "../../../shared/api/kind.ts";
import type { JsonSchema } from "../../../shared/schema/structural/json_schema.ts";
import {
  consumed,
  modelName,
  type Operation,
  operationsOf,
  pathsOf,
  produced,
  writeParameter,
} from "./custom_operations.ts";
import {
  type OpenApiVersion,
  publishedSchema,
  reference,
  referringProperty,
  typeMeta,
} from "./published_schema.ts";

type Values = Record<string, unknown>;

/** What custom kinds add to an OpenAPI document. */
export interface CustomParts {
  readonly paths: Values;
  readonly schemas: Values;
}

/** The paths and schemas of custom kinds. */
export function customParts(
  kinds: readonly KindDefinition[],
  version: OpenApiVersion,
): CustomParts {
  const schemas: Values = {};
  for (const kind of kinds) {
    schemas[modelName(kind)] = {
      ...publishedSchema(givenSchema(kind), version),
      ...extensionsOf(kind, kind.kind),
    };
    schemas[modelName(kind, kind.listKind)] = listSchema(kind, version);
  }
  const operations = kinds.flatMap(operationsOf);
  return { paths: pathsOf(operations, version, writers[version]), schemas };
}

/**
 * The version 3 document of custom kinds, all of one group and version; `known` has the schemas of the types that they
 * refer to.
 */
export function customDocument(
  kinds: readonly KindDefinition[],
  known: Readonly<Record<string, unknown>>,
): Values {
  const { paths, schemas } = customParts(kinds, "v3");
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes CRD Swagger", version: "v0.1.0" },
    paths,
    components: { schemas: sorted({ ...schemas, ...referredTo([paths, schemas], known) }) },
  };
}

/** The schema as the definition has it; undefined: it has none. */
function givenSchema({ schema }: KindDefinition): JsonSchema | undefined {
  // The shape of a resource says besides that it is one.
  const { "x-kubernetes-embedded-resource": _, ...given } = schema.structural!.schema;
  return Object.keys(given).length === 0 ? undefined : given;
}

function extensionsOf({ group, version, selectableFields = {} }: KindDefinition, kind: string) {
  const paths = Object.keys(selectableFields).map((fieldPath) => ({ fieldPath }));
  return {
    "x-kubernetes-group-version-kind": [{ group, kind, version }],
    ...(paths.length > 0 && { "x-kubernetes-selectable-fields": paths }),
  };
}

function listSchema(kind: KindDefinition, version: OpenApiVersion): Values {
  const { listKind = "", plural } = kind;
  return {
    description: `${listKind} is a list of ${kind.kind}`,
    type: "object",
    required: ["items"],
    properties: {
      ...typeMeta(),
      items: {
        description:
          `List of ${plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
        type: "array",
        items: reference(modelName(kind), version),
      },
      metadata: referringProperty("ListMeta", version),
    },
    ...extensionsOf(kind, listKind),
  };
}

const writers: Readonly<
  Record<OpenApiVersion, Parameters<typeof pathsOf>[2]>
> = {
  v2: (operation, own) => ({
    consumes: consumed(operation),
    produces: produced,
    schemes: ["https"],
    tags: [operation.tag],
    operationId: operation.operationId,
    parameters: [
      ...(operation.body
        ? [{
          name: "body",
          in: "body",
          ...(operation.body.required && { required: true }),
          schema: reference(operation.body.schema, "v2"),
        }]
        : []),
      ...own.map((parameter) => writeParameter(parameter, "v2")),
    ],
    responses: responsesOf(operation, { schema: reference(operation.answer, "v2") }),
    ...actionOf(operation),
  }),
  v3: (operation, own) => ({
    tags: [operation.tag],
    operationId: operation.operationId,
    ...(own.length > 0 &&
      { parameters: own.map((parameter) => writeParameter(parameter, "v3")) }),
    ...(operation.body && {
      requestBody: {
        content: contentOf(consumed(operation).toSorted(), operation.body.schema),
        ...(operation.body.required && { required: true }),
      },
    }),
    responses: responsesOf(operation, { content: contentOf(produced, operation.answer) }),
    ...actionOf(operation),
  }),
};

function responsesOf({ codes }: Operation, answer: Values): Values {
  const descriptions: Readonly<Record<number, string>> = {
    200: "OK",
    201: "Created",
    202: "Accepted",
  };
  return {
    ...Object.fromEntries(
      codes.map((code) => [code, { description: descriptions[code], ...answer }]),
    ),
    401: { description: "Unauthorized" },
  };
}

function contentOf(types: readonly string[], schema: string): Values {
  return Object.fromEntries(types.map((type) => [type, { schema: reference(schema, "v3") }]));
}

function actionOf({ action, kind: { group, version, kind } }: Operation): Values {
  return {
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": { group, version, kind },
  };
}

const referencePattern = /"\$ref":"#\/components\/schemas\/([^"]+)"/g;

/** The schemas of `known` that `parts` refer to, and those that these refer to. */
function referredTo(parts: readonly unknown[], known: Readonly<Record<string, unknown>>): Values {
  const out: Values = {};
  const texts = parts.map((part) => JSON.stringify(part));
  for (let text = texts.pop(); text !== undefined; text = texts.pop()) {
    for (const [, name = ""] of text.matchAll(referencePattern)) {
      const schema = known[name];
      if (schema === undefined || name in out) continue;
      out[name] = schema;
      texts.push(JSON.stringify(schema));
    }
  }
  return out;
}

function sorted(values: Values): Values {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
