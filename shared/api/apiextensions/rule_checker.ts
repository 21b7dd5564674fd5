import type { FieldError } from "../../meta/field_error.ts";
import type { JSONSchemaProps } from "./v1/types.gen.ts";

/** Judges the rules of a schema (`x-kubernetes-validations`, KEP-2876) when its definition is written. */
export interface RuleChecker {
  /** For a schema that is structural; one call per schema. */
  begin(schema: JSONSchemaProps): RuleScope;
  /** Whether a default keeps the rules of its schema. */
  validateDefault(schema: JSONSchemaProps, value: unknown, path: string): FieldError[];
}

/** The rules of one part of a schema, and the ways down from there. */
export interface RuleScope {
  property(key: string): RuleScope;
  items(): RuleScope;
  additional(): RuleScope;
  /** What is wrong with the rules of this part; `path` leads to the list of them. */
  validate(
    path: string,
    options: {
      /** The part around this one of which no old value can be told; undefined: `oldSelf` may be used. */
      readonly uncorrelated: string | undefined;
    },
  ): FieldError[];
  /** What is wrong with the rules of the whole schema together; asked of the outermost part, at the end. */
  totalErrors(path: string): FieldError[];
}
