import assert from "node:assert/strict";
import type { CustomResourceDefinition } from "./v1/types.gen.ts";
import { validateDefinitionCreate, validateDefinitionUpdate } from "./definition_validation.ts";

type Spec = CustomResourceDefinition["spec"];
type Version = Spec["versions"][number];

const v1 = {
  name: "v1",
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: "object" } },
};

function definitionOf(spec: Partial<Spec> = {}): CustomResourceDefinition {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      conversion: { strategy: "None" },
      versions: [v1],
      ...spec,
    },
    status: { storedVersions: ["v1"] },
  } as CustomResourceDefinition;
}

const versionOf = (fields: Partial<Version>) => definitionOf({ versions: [{ ...v1, ...fields }] });
const propertyOf = (a: unknown) =>
  versionOf(
    { schema: { openAPIV3Schema: { type: "object", properties: { a } } } } as Partial<Version>,
  );
const at = "spec.validation.openAPIV3Schema.properties[a]";

/** What is refused, and all errors as `path: message`. */
const refused: readonly (readonly [CustomResourceDefinition, ...string[]])[] = [
  [definitionOf()],
  [
    definitionOf({ scope: "Bogus" }),
    'spec.scope: Unsupported value: "Bogus": supported values: "Cluster", "Namespaced"',
  ],
  [
    { ...definitionOf(), metadata: { name: "other.example.com" } },
    'metadata.name: Invalid value: "other.example.com": must be spec.names.plural+"."+spec.group',
  ],
  [
    definitionOf({
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "Widget" },
    }),
    'spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same',
  ],
  [
    versionOf({ schema: undefined } as unknown as Partial<Version>),
    "spec.versions[0].schema.openAPIV3Schema: Required value",
  ],
  [
    versionOf({ deprecationWarning: "x" }),
    'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
  ],
  [
    versionOf({
      subresources: {
        scale: { specReplicasPath: "spec.replicas", statusReplicasPath: ".status.replicas" },
      },
    }),
    'spec.subresources.scale.specReplicasPath: Invalid value: "spec.replicas": must be a simple json path starting with .',
  ],
  [
    versionOf({ selectableFields: [{ jsonPath: ".spec.none" }] }),
    'spec.selectableFields[0].jsonPath: Invalid value: ".spec.none": is an invalid path: does not refer to a valid field',
  ],
  [
    versionOf({ schema: { openAPIV3Schema: { type: "string" } } }),
    'spec.validation.openAPIV3Schema.type: Invalid value: "string": must be object at the root',
  ],
  [
    propertyOf({ type: "bogus" }),
    `${at}.type: Unsupported value: "bogus": supported values: "array", "boolean", "integer", "number", "object", "string"`,
  ],
  [propertyOf({ $ref: "#/x" }), `${at}.$ref: Forbidden: $ref is not supported`],
  [
    propertyOf({ type: "string", anyOf: [{ type: "string" }] }),
    `${at}.anyOf[0].type: Forbidden: must be empty to be structural`,
  ],
  [
    propertyOf({ type: "string", default: 5 }),
    `${at}.default: Invalid value: "integer":  in body must be of type string: "integer"`,
  ],
  [
    propertyOf({ type: "object", properties: { x: { type: "string" } }, default: { y: 1 } }),
    `${at}.default: Invalid value: {"y":1}: must not have unknown fields`,
  ],
  [
    propertyOf({
      type: "array",
      "x-kubernetes-list-type": "map",
      items: { type: "object", properties: { k: { type: "string" } } },
    }),
    `${at}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
  ],
  [
    propertyOf({ type: "string", pattern: "(" }),
    `${at}.pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): \`(\``,
  ],
  [
    propertyOf({ type: "object", "x-kubernetes-map-type": "bogus" }),
    `${at}.x-kubernetes-map-type: Unsupported value: "bogus": supported values: "atomic", "granular"`,
  ],
];

Deno.test("validateDefinitionCreate() refuses each fault with the reference's words", () => {
  for (const [definition, ...expected] of refused) {
    const errors = validateDefinitionCreate(definition);
    assert.deepEqual(errors.map(({ path, message }) => `${path}: ${message}`), expected);
  }
});

Deno.test("validateDefinitionUpdate() lets scope and kind be changed until the definition is established", () => {
  const old = definitionOf();
  const moved = definitionOf({ scope: "Cluster" });
  assert.deepEqual(validateDefinitionUpdate(moved, old), []);
  const condition = { type: "Established", status: "True" };
  const established = {
    ...old,
    status: { ...old.status, conditions: [condition] },
  } as CustomResourceDefinition;
  const errors = validateDefinitionUpdate(moved, established);
  assert.deepEqual(errors.map(({ path, message }) => `${path}: ${message}`), [
    'spec.scope: Invalid value: "Cluster": field is immutable',
  ]);
});
