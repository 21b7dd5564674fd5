import { someSchema } from "../../schema/structural/json_schema.ts";
import { formatCheck } from "../../schema/structural/formats.ts";
import { internalSpec } from "./internal_spec.ts";
import type { CustomResourceDefinition, JSONSchemaProps } from "./v1/types.gen.ts";

/** What a definition says in vain: unknown formats, and sets that nobody can own by item. Only what is new. */
export function definitionWarnings(
  obj: CustomResourceDefinition,
  old?: CustomResourceDefinition,
): readonly string[] {
  const known = old ? new Set(unknownFormats(old)) : undefined;
  const formats = unknownFormats(obj).filter((format) => !known?.has(format));
  const before = new Set(old ? objectSets(old) : []);
  return [
    ...formats.map((format) => `unrecognized format ${JSON.stringify(format)}`),
    ...objectSets(obj).filter((warning) => !before.has(warning)),
  ];
}

/** The schemas as the reference goes through them: the one of all versions, or each. */
function schemasOf({ spec }: CustomResourceDefinition): JSONSchemaProps[] {
  const { versions, common } = internalSpec(spec);
  return [common, ...versions].map(({ schema }) => schema?.openAPIV3Schema)
    .filter((schema) => schema !== undefined);
}

function unknownFormats(definition: CustomResourceDefinition): string[] {
  const found: string[] = [];
  for (const schema of schemasOf(definition)) {
    someSchema(schema, (part) => {
      const { "x-kubernetes-int-or-string": _, ...typed } = part;
      if (part.format && !formatCheck(typed)) found.push(part.format);
      return false;
    });
  }
  return found;
}

function objectSets(definition: CustomResourceDefinition): string[] {
  const found = new Set<string>();
  for (const schema of schemasOf(definition)) {
    someSchema(schema, (part) => {
      const items = Array.isArray(part.items) ? undefined : part.items;
      const type = items?.type;
      if (part["x-kubernetes-list-type"] !== "set") return false;
      if (type === "object" || type === "array") {
        found.add(
          `x-kubernetes-list-type: set for items of type "${type}" is not supported by server-side apply or CEL validation rules`,
        );
      }
      return false;
    });
  }
  return [...found].sort();
}
