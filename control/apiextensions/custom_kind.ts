import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { KindDefinition, KubeObject, OtherVersion, Verb } from "../../shared/api/kind.ts";
import { normalizeObject } from "../../shared/schema/decode.ts";
import type { StructNode } from "../../shared/schema/schema.ts";
import { prunedDefaults } from "../../shared/schema/structural/default_rules.ts";
import { applyDefaults } from "../../shared/schema/structural/defaulting.ts";
import { structuralNode } from "../../shared/schema/structural/structural_node.ts";
import { compareVersions } from "../endpoints/discovery/versions.ts";
import { customColumns } from "./custom_columns.ts";
import { customStrategy } from "./custom_strategy.ts";
import { selectableFieldsOf } from "./selectable_fields.ts";

/** A definition as kinds: the one that its objects are stored as, and those under which they are served. */
export interface CustomKinds {
  readonly stored: KindDefinition;
  readonly served: readonly KindDefinition[];
}

const verbs: readonly Verb[] = [
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "create",
  "update",
  "watch",
];

/**
 * The kinds that a definition makes. They are values like the built-in ones; everything that depends on the schemas is
 * compiled here, once. The definition's names must have been accepted.
 */
export function customKinds(definition: CustomResourceDefinition): CustomKinds {
  const { spec } = definition;
  const versions = new Map(
    spec.versions.map((version) => [version.name, compileVersion(definition, version)]),
  );
  const storage = spec.versions.find(({ storage }) => storage)!.name;
  const family: Family = { definition, versions, storage };
  const kinds = new Map(
    spec.versions.map((version) => [version.name, kindOf(family, version)]),
  );
  return {
    stored: kinds.get(storage)!,
    served: spec.versions.filter(({ served }) => served).map(({ name }) => kinds.get(name)!),
  };
}

/** One version, compiled. */
interface CompiledVersion {
  readonly apiVersion: string;
  readonly schema: StructNode;
  readonly definition: CustomResourceDefinitionVersion;
}

/** All versions of one definition. */
interface Family {
  readonly definition: CustomResourceDefinition;
  readonly versions: ReadonlyMap<string, CompiledVersion>;
  readonly storage: string;
}

function compileVersion(
  { spec }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): CompiledVersion {
  const given = version.schema?.openAPIV3Schema;
  const schema = spec.preserveUnknownFields
    ? { ...given, "x-kubernetes-preserve-unknown-fields": true }
    : given && prunedDefaults(given);
  return {
    apiVersion: `${spec.group}/${version.name}`,
    schema: structuralNode(schema),
    definition: version,
  };
}

function kindOf(family: Family, version: CustomResourceDefinitionVersion): KindDefinition {
  const { definition, storage } = family;
  const { spec, status } = definition;
  const names = status?.acceptedNames ?? spec.names;
  const compiled = family.versions.get(version.name)!;
  const { scale, status: hasStatus } = version.subresources ?? {};
  return {
    group: spec.group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    ...(names.shortNames && { shortNames: names.shortNames }),
    ...(names.categories && { categories: names.categories }),
    scope: spec.scope === "Namespaced" ? "Namespaced" : "Cluster",
    schema: compiled.schema,
    verbs,
    subresources: {
      ...(hasStatus && { status: true }),
      ...(scale && {
        scale: {
          specReplicas: scale.specReplicasPath.slice(1),
          statusReplicas: scale.statusReplicasPath.slice(1),
          selector: scale.labelSelectorPath?.slice(1) ?? "",
        },
      }),
    },
    columns: customColumns(version.additionalPrinterColumns),
    strategy: customStrategy({
      schema: compiled.schema,
      apiVersion: compiled.apiVersion,
      kind: names.kind,
      validation: version.schema?.openAPIV3Schema,
      subresources: version.subresources,
    }),
    selectableFields: selectableFieldsOf(version.selectableFields ?? []),
    ...(version.name === storage
      ? { revive: (object: KubeObject) => revive(family, object) }
      : { storedAs: viewOf(family, compiled) }),
    otherVersion: (apiVersion) => otherVersion(family, compiled, apiVersion),
    ...(version.deprecated && { deprecation: deprecationOf(definition, version) }),
  };
}

/** How a version that is not stored sees what is. */
function viewOf(family: Family, view: CompiledVersion): NonNullable<KindDefinition["storedAs"]> {
  const { definition: { spec }, storage } = family;
  const stored = family.versions.get(storage)!;
  return {
    group: spec.group,
    version: storage,
    toStored: (object) => converted(object, stored),
    fromStored: (object) => converted(object, view),
  };
}

/** Conversion `None`: the object says that it is of the other version, and keeps what that declares. */
function converted(object: KubeObject, to: CompiledVersion): KubeObject {
  return normalizeObject(to.schema, { ...object, apiVersion: to.apiVersion });
}

/**
 * A stored object as the definition has it now: what its version has lost is gone, new defaults are filled in, and it
 * is of the version that is stored today.
 */
function revive(family: Family, object: KubeObject): KubeObject {
  const [, name = ""] = object.apiVersion.split("/");
  const storage = family.versions.get(family.storage)!;
  const own = family.versions.get(name) ?? storage;
  const current = normalizeObject(own.schema, object);
  applyDefaults(current, own.schema.structural);
  current.metadata.generation ||= 1;
  return own === storage ? current : converted(current, storage);
}

function otherVersion(
  { versions }: Family,
  from: CompiledVersion,
  apiVersion: string,
): OtherVersion | undefined {
  const to = [...versions.values()].find((version) => version.apiVersion === apiVersion);
  if (!to) return undefined;
  return {
    schema: to.schema,
    convert: (object) => converted(object, to),
    restore: (object) => converted(object, from),
  };
}

/** The warning that comes with every answer in a deprecated version. */
function deprecationOf(
  { spec }: CustomResourceDefinition,
  { name, deprecationWarning }: CustomResourceDefinitionVersion,
): string {
  if (deprecationWarning !== undefined) return deprecationWarning;
  const { kind } = spec.names;
  const text = `${spec.group}/${name} ${kind} is deprecated`;
  const better = spec.versions
    .filter((version) =>
      version.served && !version.deprecated && compareVersions(name, version.name) > 0
    )
    .map((version) => version.name).sort(compareVersions);
  return better[0] === undefined ? text : `${text}; use ${spec.group}/${better[0]} ${kind}`;
}
