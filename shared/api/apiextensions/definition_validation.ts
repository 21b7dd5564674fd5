import { type FieldError, invalid, notSupported, required } from "../../meta/field_error.ts";
import { isDns1035Label, isDns1123Subdomain } from "../../meta/names.ts";
import { approvalAnnotation, approvalOf, isProtected } from "./approval.ts";
import { isEstablished } from "./definition_conditions.ts";
import { validateConversion } from "./conversion_validation.ts";
import { type InternalSpec, internalSpec, showVersion } from "./internal_spec.ts";
import { validateSchema } from "./schema_validation.ts";
import {
  allSchemas,
  hasDefaults,
  optionsOf,
  type SpecOptions,
  strictOptions,
  tightened,
} from "./spec_options.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
  SelectableField,
} from "./v1/types.gen.ts";
import {
  validateColumn,
  validateDeprecation,
  validateSelectableFields,
  validateSubresources,
} from "./version_validation.ts";

/** Everything about a new definition. */
export function validateDefinitionCreate(obj: CustomResourceDefinition): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { name = "" } = obj.metadata;
  const { names, group } = obj.spec;
  if (name !== `${names.plural}.${group}`) {
    errors.push(invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group'));
  }
  errors.push(...validateSpec(obj.spec, strictOptions()));
  errors.push(...validateStatus(obj));
  if (isProtected(obj.spec.group ?? "")) errors.push(...validateApproval(obj));
  errors.push(...validatePreserving(obj));
  return errors;
}

/**
 * Everything about a changed definition. What was stored under laxer rules may stay as lax. Group and plural make the
 * name; what is served keeps its kind and scope, too.
 */
export function validateDefinitionUpdate(
  obj: CustomResourceDefinition,
  old: CustomResourceDefinition,
): readonly FieldError[] {
  const errors = validateSpec(obj.spec, optionsOf(obj, old));
  const check = (path: string, value: string, before: string) => {
    if (value !== before) errors.push(invalid(path, value, "field is immutable"));
  };
  if (isEstablished(old)) {
    check("spec.scope", obj.spec.scope, old.spec.scope);
    check("spec.names.kind", obj.spec.names.kind, old.spec.names.kind);
  }
  check("spec.group", obj.spec.group, old.spec.group);
  check("spec.names.plural", obj.spec.names.plural, old.spec.names.plural);
  errors.push(...validateStatus(obj));
  const approval = approvalOf(obj).state;
  if (isProtected(obj.spec.group ?? "") && approval !== approvalOf(old).state) {
    errors.push(...validateApproval(obj));
  }
  if (!old.spec.preserveUnknownFields) errors.push(...validatePreserving(obj));
  return errors;
}

/** The names that a controller has accepted. */
export function validateDefinitionStatus(obj: CustomResourceDefinition): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = obj.status?.acceptedNames;
  if (names) validateNames(names, "status.acceptedNames", errors);
  return errors;
}

function validateStatus(obj: CustomResourceDefinition): FieldError[] {
  const errors = [...validateDefinitionStatus(obj)];
  const stored = obj.status?.storedVersions;
  validateStoredVersions(stored, obj.spec.versions ?? [], "status.storedVersions", errors);
  return errors;
}

function validatePreserving({ spec }: CustomResourceDefinition): FieldError[] {
  if (!spec.preserveUnknownFields) return [];
  const detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in " +
    "spec.versions[*].schema instead";
  return [invalid("spec.preserveUnknownFields", true, detail)];
}

function validateSpec(spec: CustomResourceDefinitionSpec, given: SpecOptions): FieldError[] {
  const errors: FieldError[] = [];
  const { group, scope, names, conversion } = spec;
  const { versions, common } = internalSpec(spec);
  const options = tightened(spec, given);
  const scopes = ["Cluster", "Namespaced"];
  validateGroup(group, "spec.group", errors);
  if (!scope) errors.push(required("spec.scope"));
  else if (!scopes.includes(scope)) errors.push(notSupported("spec.scope", scope, scopes));
  errors.push(...validateSchemasGiven(spec, options));
  const schemas = allSchemas(spec);
  if (spec.preserveUnknownFields && schemas.some(hasDefaults)) {
    const detail = "must be false in order to use defaults in the schema";
    errors.push(invalid("spec.preserveUnknownFields", true, detail));
  }
  const hasOwnSubresources = versions.some(({ subresources }) => subresources);
  versions.forEach((version, index) => {
    const path = `spec.versions[${index}]`;
    validateLabel(version.name, `${path}.name`, errors);
    const subresources = hasOwnSubresources ? version.subresources : common.subresources;
    const hasStatus = subresources?.status !== undefined;
    errors.push(...validateVersion(version, path, { ...options, hasStatus }));
  });
  validateVersionList(versions, spec.versions, errors);
  for (const field of ["plural", "singular", "kind", "listKind"] as const) {
    if (!names[field]) errors.push(required(`spec.names.${field}`));
  }
  validateNames(names, "spec.names", errors);
  errors.push(...validateCommon(spec, common, options));
  if (conversion && conversion.strategy !== "None" && spec.preserveUnknownFields) {
    const detail = "must be None if spec.preserveUnknownFields is true";
    errors.push(invalid("spec.conversion.strategy", conversion.strategy, detail));
  }
  if (conversion) errors.push(...validateConversion(conversion, "spec.conversion", options));
  return errors;
}

/** Every version has a schema, or all have one. */
function validateSchemasGiven(
  spec: CustomResourceDefinitionSpec,
  { schemaRequired }: SpecOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  (spec.versions ?? []).forEach(({ served, schema }, index) => {
    if (schema?.openAPIV3Schema) return;
    const path = `spec.versions[${index}].schema.openAPIV3Schema`;
    if (schemaRequired) errors.push(required(path));
    else if (served && !spec.preserveUnknownFields) {
      errors.push(required(path, "because otherwise all fields are pruned"));
    }
  });
  return errors;
}

function validateVersion(
  version: CustomResourceDefinitionVersion,
  path: string,
  options: SpecOptions & { readonly hasStatus: boolean },
): FieldError[] {
  const schema = version.schema?.openAPIV3Schema;
  const unchanged = options.unchangedVersions.has(version.name);
  const rules = unchanged ? options.storedRules : options.rules;
  const columns = version.additionalPrinterColumns ?? [];
  return [
    ...validateDeprecation(version, `${path}.deprecationWarning`),
    ...validateSchema(schema, `${path}.schema`, { ...options, rules }),
    ...validateSubresources(version.subresources, `${path}.subresources`),
    ...columns.flatMap((column, i) =>
      validateColumn(column, `${path}.additionalPrinterColumns[${i}]`)
    ),
    ...validateSelectable(version.selectableFields ?? [], `${path}.selectableFields`, {
      schema,
      missing: "may only be set when `version.schema.openAPIV3Schema` is not included",
      mayExceed: options.manySelectable.has(version.name),
    }),
  ];
}

function validateSelectable(
  fields: readonly SelectableField[],
  path: string,
  { schema, missing, mayExceed }: {
    readonly schema: JSONSchemaProps | undefined;
    readonly missing: string;
    readonly mayExceed: boolean;
  },
): FieldError[] {
  if (fields.length === 0) return [];
  if (!schema) return [invalid(path, "", missing)];
  return validateSelectableFields(fields, path, { schema, mayExceed });
}

/** What all versions have in common. */
function validateCommon(
  spec: CustomResourceDefinitionSpec,
  common: InternalSpec["common"],
  options: SpecOptions,
): FieldError[] {
  const versions = spec.versions ?? [];
  const hasStatus = versions.some(({ subresources }) => subresources?.status !== undefined);
  const first = versions[0]?.name ?? "";
  const rules = options.unchangedVersions.has(first) ? options.storedRules : options.rules;
  const schema = common.schema?.openAPIV3Schema;
  const columns = common.additionalPrinterColumns ?? [];
  return [
    ...validateSchema(schema, "spec.validation", { ...options, rules, hasStatus }),
    ...validateSubresources(common.subresources, "spec.subresources"),
    ...columns.flatMap((column, i) =>
      validateColumn(column, `spec.additionalPrinterColumns[${i}]`)
    ),
    ...validateSelectable(common.selectableFields ?? [], "spec.selectableFields", {
      schema,
      missing: "may only be set when validations.schema is included",
      mayExceed: options.manySelectable.has(first),
    }),
  ];
}

function validateGroup(group: string | undefined, path: string, errors: FieldError[]): void {
  if (!group) {
    errors.push(required(path));
    return;
  }
  const messages = isDns1123Subdomain(group);
  if (messages.length > 0) errors.push(invalid(path, group, messages.join(",")));
  else if (!group.includes(".")) {
    errors.push(invalid(path, group, "should be a domain with at least one dot"));
  }
}

function validateVersionList(
  versions: readonly CustomResourceDefinitionVersion[],
  given: readonly CustomResourceDefinitionVersion[] | undefined,
  errors: FieldError[],
): void {
  const path = "spec.versions";
  const names = versions.map(({ name }) => name);
  const shown = given && versions.map(showVersion);
  if (new Set(names).size < names.length) {
    errors.push(invalid(path, shown, "must contain unique version names"));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    const detail = "must have exactly one version marked as storage version";
    errors.push(invalid(path, shown, detail));
  }
  // Clients see the first version a second time, under the field that had the only one before there were several.
  if (names[0]) validateLabel(names[0], "spec.version", errors);
}

function validateNames(
  names: CustomResourceDefinitionNames,
  path: string,
  errors: FieldError[],
): void {
  const { plural, singular, kind, listKind, shortNames, categories } = names;
  if (plural) validateLabel(plural, `${path}.plural`, errors);
  if (singular) validateLabel(singular, `${path}.singular`, errors);
  if (kind) validateKind(kind, `${path}.kind`, errors);
  if (listKind) validateKind(listKind, `${path}.listKind`, errors);
  shortNames?.forEach((name, i) => validateLabel(name, `${path}.shortNames[${i}]`, errors));
  if (kind && kind === listKind) {
    const detail = "kind and listKind may not be the same";
    errors.push(invalid(`${path}.listKind`, listKind, detail));
  }
  categories?.forEach((name, i) => validateLabel(name, `${path}.categories[${i}]`, errors));
}

function validateLabel(value: string, path: string, errors: FieldError[]): void {
  const messages = isDns1035Label(value);
  if (messages.length > 0) errors.push(invalid(path, value, messages.join(",")));
}

function validateKind(kind: string, path: string, errors: FieldError[]): void {
  const messages = isDns1035Label(kind.toLowerCase());
  if (messages.length === 0) return;
  const detail = `may have mixed case, but should otherwise match: ${messages.join(",")}`;
  errors.push(invalid(path, kind, detail));
}

/** Objects of a stored version may still be on disk, so it must stay known. */
function validateStoredVersions(
  stored: readonly string[] | undefined,
  versions: readonly CustomResourceDefinitionVersion[],
  path: string,
  errors: FieldError[],
): void {
  if (!stored?.length) {
    errors.push(invalid(path, stored, "must have at least one stored version"));
    return;
  }
  stored.forEach((name, index) => {
    if (versions.some((version) => version.name === name)) return;
    const detail =
      `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until ` +
      `a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(`${path}[${index}]`, name, detail));
  });
  for (const { name, storage } of versions) {
    if (!storage || stored.includes(name)) continue;
    errors.push(invalid(path, stored, `must have the storage version ${name}`));
  }
}

function validateApproval(obj: CustomResourceDefinition): FieldError[] {
  const path = `metadata.annotations[${approvalAnnotation}]`;
  const { state, reason } = approvalOf(obj);
  if (state === "missing") return [required(path, reason)];
  if (state !== "invalid") return [];
  return [invalid(path, obj.metadata.annotations?.[approvalAnnotation] ?? "", reason)];
}
