import { type FieldError, invalid, notSupported, required } from "../../meta/field_error.ts";
import { isDns1035Label, isDns1123Subdomain } from "../../meta/names.ts";
import { validateConversion } from "./conversion_validation.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from "./v1/types.gen.ts";
import { validateVersions } from "./version_validation.ts";

const approvalAnnotation = "api-approved.kubernetes.io";
const approvalPolicy = "https://github.com/kubernetes/enhancements/pull/1111";

/** What holds for every stored definition. The schemas of its versions are judged where they are compiled. */
export function validateDefinition(obj: CustomResourceDefinition): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { name = "" } = obj.metadata;
  const { names, group } = obj.spec;
  if (name !== `${names.plural}.${group}` && isDns1123Subdomain(name).length === 0) {
    errors.push(invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group'));
  }
  validateSpec(obj.spec, errors);
  validateStoredVersions(
    obj.status?.storedVersions,
    obj.spec.versions ?? [],
    "status.storedVersions",
    errors,
  );
  return errors;
}

/** What new definitions may not do any more, or only with leave. */
export function validateDefinitionCreate(obj: CustomResourceDefinition): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (isProtected(obj.spec.group ?? "")) validateApproval(obj, errors);
  if (obj.spec.preserveUnknownFields) {
    const detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in " +
      "spec.versions[*].schema instead";
    errors.push(invalid("spec.preserveUnknownFields", true, detail));
  }
  return errors;
}

/** Group and plural make the name; what is served keeps its kind and scope, too. */
export function validateDefinitionUpdate(
  obj: CustomResourceDefinition,
  old: CustomResourceDefinition,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const check = (path: string, value: string, before: string) => {
    if (value !== before) errors.push(invalid(path, value, "field is immutable"));
  };
  if (isEstablished(old)) {
    check("spec.scope", obj.spec.scope, old.spec.scope);
    check("spec.names.kind", obj.spec.names.kind, old.spec.names.kind);
  }
  check("spec.group", obj.spec.group, old.spec.group);
  check("spec.names.plural", obj.spec.names.plural, old.spec.names.plural);
  return errors;
}

/** Whether the names were accepted once: from then on the kind is served and its names stay. */
export function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some((c) => c.type === "Established" && c.status === "True") ?? false;
}

function validateSpec(spec: CustomResourceDefinitionSpec, errors: FieldError[]): void {
  const { group, scope, names } = spec;
  const versions = spec.versions ?? [];
  const scopes = ["Cluster", "Namespaced"];
  validateGroup(group, "spec.group", errors);
  if (!scope) errors.push(required("spec.scope"));
  else if (!scopes.includes(scope)) errors.push(notSupported("spec.scope", scope, scopes));
  versions.forEach(({ served, schema }, index) => {
    if (!served || schema?.openAPIV3Schema) return;
    errors.push(required(`spec.versions[${index}].schema.openAPIV3Schema`));
  });
  validateVersionList(spec, errors);
  for (const field of ["plural", "singular", "kind", "listKind"] as const) {
    if (!names[field]) errors.push(required(`spec.names.${field}`));
  }
  validateNames(names, "spec.names", errors);
  errors.push(...validateVersions(versions));
  if (spec.conversion) errors.push(...validateConversion(spec.conversion, "spec.conversion"));
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

function validateVersionList(spec: CustomResourceDefinitionSpec, errors: FieldError[]): void {
  const path = "spec.versions";
  const versions = spec.versions ?? [];
  const names = versions.map(({ name }) => name);
  names.forEach((name, index) => validateLabel(name, `${path}[${index}].name`, errors));
  const shown = spec.versions?.map(showVersion);
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

/** Groups that belong to the Kubernetes community. */
function isProtected(group: string): boolean {
  return /(^|\.)(k8s|kubernetes)\.io$/.test(group);
}

function validateApproval(obj: CustomResourceDefinition, errors: FieldError[]): void {
  const path = `metadata.annotations[${approvalAnnotation}]`;
  const approval = obj.metadata.annotations?.[approvalAnnotation];
  const rule = `protected groups must have approval annotation "${approvalAnnotation}"`;
  if (!approval) errors.push(required(path, `${rule}, see ${approvalPolicy}`));
  else if (!approval.startsWith("unapproved") && !/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(approval)) {
    const detail =
      `${rule} with either a URL or a reason starting with "unapproved", see ${approvalPolicy}`;
    errors.push(invalid(path, approval, detail));
  }
}

/** A version as the reference's messages show it: what all versions share is shown as absent. */
function showVersion(version: CustomResourceDefinitionVersion): unknown {
  return {
    Name: version.name,
    Served: version.served ?? false,
    Storage: version.storage ?? false,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: null,
    Subresources: null,
    AdditionalPrinterColumns: null,
    SelectableFields: null,
  };
}
