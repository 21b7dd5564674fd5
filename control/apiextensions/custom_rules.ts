import type { JSONSchemaProps } from "../../shared/api/apiextensions/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import type { FieldError } from "../../shared/meta/field_error.ts";
import type { Correlation } from "../../shared/schema/structural/correlation.ts";

/** The rules of a schema (`x-kubernetes-validations`), compiled. */
export interface CustomRules {
  /** What breaks them; `correlation` is there on update. */
  validate(object: KubeObject, correlation?: Correlation): FieldError[];
}

/** Compiles the rules of a schema; undefined: it has none. */
export function compileRules(_schema: JSONSchemaProps | undefined): CustomRules | undefined {
  return undefined;
}
