import { sameJson } from "../../schema/same_json.ts";
import { prunedDefaults } from "../../schema/structural/default_rules.ts";
import { someSchema } from "../../schema/structural/json_schema.ts";
import {
  structuralObstacle,
  validateStructural,
} from "../../schema/structural/structural_rules.ts";
import { isCaBundle } from "./ca_bundle.ts";
import { hasKnownReviewVersion } from "./conversion_validation.ts";
import { isEstablished } from "./definition_conditions.ts";
import { validateKeyedItems, validateSetItems } from "./list_keyword_validation.ts";
import type { RuleChecker } from "./rule_checker.ts";
import { ruleChecker } from "./rule_validation.ts";
import type { SchemaOptions } from "./schema_validation.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  JSONSchemaProps,
} from "./v1/types.gen.ts";
import { exceedsSelectableFields } from "./version_validation.ts";

/** How strict the validation of a definition is. */
export interface SpecOptions extends SchemaOptions {
  readonly schemaRequired: boolean;
  readonly reviewVersionRequired: boolean;
  readonly invalidBundleAllowed: boolean;
  /** Names of versions whose schema did not change: their rules may cost what they cost. */
  readonly unchangedVersions: ReadonlySet<string>;
  readonly storedRules: RuleChecker;
  /** Names of versions that keep more selectable fields than are allowed. */
  readonly manySelectable: ReadonlySet<string>;
}

/** For new definitions. */
export function strictOptions(): SpecOptions {
  return {
    validTypes: true,
    structural: true,
    prunedDefaults: true,
    atomicSets: true,
    keyedLists: true,
    schemaRequired: true,
    reviewVersionRequired: true,
    // Nothing is served before the bundle is looked at.
    invalidBundleAllowed: true,
    unchangedVersions: new Set(),
    manySelectable: new Set(),
    rules: ruleChecker({ limitsCost: true }),
    storedRules: ruleChecker({ limitsCost: false }),
  };
}

/** For a change of `old`: a rule that it broke already is not held against the new one. */
export function optionsOf(
  obj: CustomResourceDefinition,
  old: CustomResourceDefinition,
): SpecOptions {
  const schemas = allSchemas(old.spec);
  const anywhere = (test: (schema: JSONSchemaProps) => boolean) =>
    schemas.some((schema) => someSchema(schema, test));
  const before = new Map((old.spec.versions ?? []).map((version) => [version.name, version]));
  const versions = obj.spec.versions ?? [];
  const reviewVersions = old.spec.conversion?.webhook?.conversionReviewVersions ?? [];
  return {
    ...strictOptions(),
    validTypes: !anywhere(({ type }) => Boolean(type) && !types.has(type!)),
    structural: schemas.every(isStructural),
    prunedDefaults: !schemas.some(hasUnprunedDefaults),
    atomicSets: !anywhere((schema) => validateSetItems(schema, "").length > 0),
    keyedLists: !anywhere((schema) => validateKeyedItems(schema, "").length > 0),
    schemaRequired: schemas.length === (old.spec.versions ?? []).length,
    reviewVersionRequired: reviewVersions.length === 0 || hasKnownReviewVersion(reviewVersions),
    invalidBundleAllowed: !isEstablished(old) || hasInvalidBundle(old.spec),
    unchangedVersions: new Set(
      versions.filter(({ name, schema }) =>
        before.has(name) && sameJson(before.get(name)!.schema, schema)
      ).map(({ name }) => name),
    ),
    manySelectable: new Set(
      versions.filter(({ name, selectableFields }) => {
        const known = before.get(name)?.selectableFields ?? [];
        return exceedsSelectableFields(known) && sameJson(known, selectableFields);
      }).map(({ name }) => name),
    ),
  };
}

/** Some features ask for structural schemas, whatever was stored. */
export function tightened(
  spec: CustomResourceDefinitionSpec,
  options: SpecOptions,
): SpecOptions {
  const schemas = allSchemas(spec);
  const structural = options.structural || !spec.preserveUnknownFields ||
    schemas.some(hasDefaults) || schemas.some(hasExtensions);
  return { ...options, structural };
}

/** The schemas of all versions. */
export function allSchemas(spec: CustomResourceDefinitionSpec): JSONSchemaProps[] {
  const schemas = (spec.versions ?? []).map(({ schema }) => schema?.openAPIV3Schema);
  return schemas.filter((schema) => schema !== undefined);
}

/** Whether a schema fills anything in. */
export function hasDefaults(schema: JSONSchemaProps): boolean {
  return someSchema(schema, (part) => (part.default ?? undefined) !== undefined);
}

function hasExtensions(schema: JSONSchemaProps): boolean {
  return someSchema(schema, (part) =>
    Boolean(part["x-kubernetes-embedded-resource"]) ||
    part["x-kubernetes-preserve-unknown-fields"] !== undefined ||
    Boolean(part["x-kubernetes-int-or-string"]) ||
    (part["x-kubernetes-list-map-keys"] ?? []).length > 0 ||
    part["x-kubernetes-list-type"] !== undefined ||
    (part["x-kubernetes-validations"] ?? []).length > 0);
}

const types = new Set(["array", "boolean", "integer", "number", "object", "string"]);

function isStructural(schema: JSONSchemaProps): boolean {
  return structuralObstacle(schema) === undefined && validateStructural("", schema).length === 0;
}

function hasUnprunedDefaults(schema: JSONSchemaProps): boolean {
  return hasDefaults(schema) && isStructural(schema) && prunedDefaults(schema) !== schema;
}

function hasInvalidBundle({ conversion }: CustomResourceDefinitionSpec): boolean {
  const bundle = conversion?.webhook?.clientConfig?.caBundle;
  return Boolean(bundle) && !isCaBundle(bundle!);
}
