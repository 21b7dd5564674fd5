import {
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
} from "../../meta/field_error.ts";
import { tooMany } from "../../meta/field_error.ts";
import { isObject } from "../json_object.ts";
import { sameJson } from "../same_json.ts";
import type { Correlation } from "./correlation.ts";
import { formatCheck } from "./formats.ts";
import { additionalOf, itemsOf, type JsonSchema } from "./json_schema.ts";
import { validateNumber } from "./number_rules.ts";
import { compilePattern } from "./pattern.ts";
import { typeOf, typesOf } from "./value_type.ts";
import { fieldPlace, type Place, textOfPlace, ValidationResult } from "./validation_result.ts";

export interface ValueOptions {
  /** Where the value is, for the paths of errors; "" for a whole object. */
  readonly path?: string;
  /** The value beside what it was: what did not change is not refused (KEP-4008). */
  readonly correlation?: Correlation | undefined;
}

/**
 * Holds a value against a schema: type, format and every other keyword but those of Kubernetes' own. Messages, their
 * order and what is left out equal the reference's validator (kube-openapi). Runs on values as decoded and defaulted.
 */
export function validateValue(
  schema: JsonSchema,
  value: unknown,
  { path = "", correlation }: ValueOptions = {},
): FieldError[] {
  const result = new ValidationResult();
  ratcheted(schema, value, { place: undefined, correlation }, result);
  return result.isValid ? [] : result.errors(path);
}

interface At {
  readonly place: Place | undefined;
  readonly correlation: Correlation | undefined;
}

function ratcheted(schema: JsonSchema, value: unknown, at: At, result: ValidationResult): void {
  const { mark } = result;
  validate(schema, value, at, result);
  if (result.mark > mark && at.correlation?.isSame()) result.forget(mark);
}

function validate(schema: JsonSchema, value: unknown, at: At, result: ValidationResult): void {
  if (value === null || value === undefined) {
    validateNull(schema, at.place, result);
    return;
  }
  const types = typesOf(schema);
  if (types.length > 0 || formatCheck(schema)) {
    result.matches += validateType(schema, types, value, at.place, result) ? 2 : 1;
  }
  validateBranches(schema, value, at, result);
  if (typeof value === "string") validateText(schema, value, at.place, result);
  else if (typeof value === "number") {
    validateNumber(schema, value, at.place, result);
    result.matches += 2;
  } else if (Array.isArray(value)) {
    validateList(schema, value, at, result);
    result.matches += 2;
  }
  validateEnum(schema, value, at.place, result);
  result.matches++;
  if (isObject(value)) {
    validateObject(schema, value, at, result);
    result.matches++;
  }
  result.matches++;
}

function validateNull(
  schema: JsonSchema,
  place: Place | undefined,
  result: ValidationResult,
): void {
  const types = typesOf(schema);
  if (types.length > 0 && !schema.nullable) wrongType(types.join(","), "null", place, result);
  else result.matches++;
  validateEnum(schema, null, place, result);
}

function wrongType(
  wanted: string,
  given: string,
  place: Place | undefined,
  result: ValidationResult,
): void {
  const text = `${textOfPlace(place)} in body must be of type ${wanted}: ${JSON.stringify(given)}`;
  result.add(place, text, (path) => ({
    ...invalid(path, given, text),
    reason: "FieldValueTypeInvalid",
  }));
}

/** Whether the type fits; adds the error if it does not. */
function validateType(
  schema: JsonSchema,
  types: readonly string[],
  value: unknown,
  place: Place | undefined,
  result: ValidationResult,
): boolean {
  const { type, format, isWhole } = typeOf(value);
  const fits = types.includes(type) ||
    (type === "number" && isWhole && types.includes("integer")) ||
    (type === "integer" && types.includes("number"));
  const named = formatCheck(schema) ? schema.format! : "";
  const isTextual = type === "string" || type === "array";
  if (named !== "" && !isTextual && !fits && named !== format) {
    wrongType(named, format, place, result);
    return false;
  }
  // A format says what a text must be, whatever the type.
  const isNumeric = types.includes("number") || types.includes("integer");
  if (fits || (named !== "" && isTextual && !isNumeric)) return true;
  wrongType(types.join(","), type, place, result);
  return false;
}

function validateText(
  schema: JsonSchema,
  value: string,
  place: Place | undefined,
  result: ValidationResult,
): void {
  validateLength(schema, value, place, result);
  result.matches++;
  const check = formatCheck(schema);
  if (typeof check !== "function") return;
  if (!check(value)) wrongType(schema.format!, value, place, result);
  result.matches++;
}

/** The first of length and pattern that is not kept. */
function validateLength(
  { minLength, maxLength, pattern }: JsonSchema,
  value: string,
  place: Place | undefined,
  result: ValidationResult,
): void {
  const fail = (why: string) => {
    const text = `${textOfPlace(place)} in body should ${why}`;
    result.add(place, text, (path) => invalid(path, value, text));
  };
  if (maxLength !== undefined && lengthOf(value) > maxLength) {
    const text = `${textOfPlace(place)} in body should be at most ${maxLength} chars long`;
    result.add(place, text, (path) => tooLong(path, maxLength));
  } else if (minLength !== undefined && lengthOf(value) < minLength) {
    fail(`be at least ${minLength} chars long`);
  } else if (pattern) {
    const compiled = compilePattern(pattern);
    if (compiled.problem !== undefined) {
      fail(`match '${pattern}, but pattern is invalid: ${compiled.problem}'`);
    } else if (!compiled.matches(value)) fail(`match '${pattern}'`);
  }
}

/** In characters, not code units. */
function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if (text.codePointAt(i)! > 0xffff) {
      length--;
      i++;
    }
  }
  return length;
}

function validateEnum(
  { enum: values }: JsonSchema,
  value: unknown,
  place: Place | undefined,
  result: ValidationResult,
): void {
  if (!values?.length) return;
  if (value !== null && values.some((allowed) => allowed !== null && sameJson(allowed, value))) {
    return;
  }
  const shown = values.map((allowed) =>
    typeof allowed === "string" ? allowed : JSON.stringify(allowed)
  );
  const text = `${textOfPlace(place)} in body should be one of [${shown.join(" ")}]`;
  result.add(place, text, (path) => notSupported(path, value, shown));
}

function validateList(
  schema: JsonSchema,
  list: readonly unknown[],
  { place, correlation }: At,
  result: ValidationResult,
): void {
  const items = itemsOf(schema);
  if (items) {
    list.forEach((item, i) => {
      const at = {
        place: { parent: place, step: `[${i}]` },
        correlation: correlation?.index(i),
      };
      ratcheted(items, item, at, result);
    });
  }
  const { minItems, maxItems, uniqueItems } = schema;
  const size = list.length;
  const where = `${textOfPlace(place)} in body`;
  if (minItems !== undefined && size < minItems) {
    const text = `${where} should have at least ${minItems} items`;
    result.add(place, text, (path) => invalid(path, size, text));
  }
  if (maxItems !== undefined && size > maxItems) {
    const text = `${where} should have at most ${maxItems} items`;
    result.add(place, text, (path) => tooMany(path, size, maxItems));
  }
  if (uniqueItems && list.some((item, i) => list.slice(0, i).some((one) => sameJson(one, item)))) {
    const text = `${where} shouldn't contain duplicates`;
    result.add(place, text, (path) => invalid(path, "", text));
  }
}

function validateObject(
  schema: JsonSchema,
  value: Readonly<Record<string, unknown>>,
  at: At,
  result: ValidationResult,
): void {
  const { place, correlation } = at;
  validateSize(schema, Object.keys(value).length, place, result);
  validateOtherKeys(schema, value, at, result);
  const { properties = {}, required: names } = schema;
  for (const name of Object.keys(properties)) {
    if (!Object.hasOwn(value, name) || value[name] === undefined) continue;
    const isTypeMeta = !place && (name === "apiVersion" || name === "kind" || name === "metadata");
    ratcheted(properties[name]!, value[name], {
      place: fieldPlace(place, name),
      // What every object has is not seen to change: both are in the version of the request.
      correlation: isTypeMeta ? undefined : correlation?.key(name),
    }, result);
  }
  for (const name of names ?? []) {
    if (Object.hasOwn(value, name) && value[name] !== undefined) continue;
    const missing = { parent: place, step: `.${name}` };
    result.add(missing, `${textOfPlace(missing)} in body is required`, (path) => required(path));
  }
}

function validateSize(
  { minProperties, maxProperties }: JsonSchema,
  size: number,
  place: Place | undefined,
  result: ValidationResult,
): void {
  const where = `${textOfPlace(place)} in body`;
  if (minProperties !== undefined && size < minProperties) {
    const text = `${where} should have at least ${minProperties} properties`;
    result.add(place, text, (path) => invalid(path, size, text));
  }
  if (maxProperties !== undefined && size > maxProperties) {
    const text = `${where} should have at most ${maxProperties} properties`;
    result.add(place, text, (path) => tooMany(path, size, maxProperties));
  }
}

/** Keys that are not declared. */
function validateOtherKeys(
  schema: JsonSchema,
  value: Readonly<Record<string, unknown>>,
  { place, correlation }: At,
  result: ValidationResult,
): void {
  const additional = additionalOf(schema);
  const isForbidden = schema.additionalProperties === false;
  if (!additional && !isForbidden) return;
  const properties = schema.properties ?? {};
  for (const key of Object.keys(value)) {
    if (value[key] === undefined || Object.hasOwn(properties, key)) continue;
    if (additional) {
      const at = { place: { parent: place, step: `.${key}` }, correlation: correlation?.key(key) };
      ratcheted(additional, value[key], at, result);
    } else {
      const text = `${textOfPlace(place)}.${key} in body is a forbidden property`;
      result.add(place, text, (path) => invalid(path, key, text));
    }
  }
}

/** `anyOf`, `oneOf`, `allOf` and `not`. */
function validateBranches(
  schema: JsonSchema,
  value: unknown,
  at: At,
  result: ValidationResult,
): void {
  const branch = (part: JsonSchema) => {
    const own = new ValidationResult();
    validate(part, value, at, own);
    return own;
  };
  const quoted = () => JSON.stringify(textOfPlace(at.place));
  const { anyOf, oneOf, allOf, not } = schema;
  if (anyOf?.length) validateAnyOf(anyOf, branch, quoted, result);
  if (oneOf?.length) validateOneOf(oneOf, branch, quoted, result);
  if (allOf?.length) {
    const results = allOf.map(branch);
    for (const own of results) result.merge(own);
    if (!results.every(({ isValid }) => isValid)) {
      const none = results.some(({ isValid }) => isValid) ? "" : ". None validated";
      result.addGeneral(`${quoted()} must validate all the schemas (allOf)${none}`);
    }
  }
  if (not && branch(not).isValid) {
    result.addGeneral(`${quoted()} must not validate the schema (not)`);
  }
  result.matches += 2;
}

type Branch = (part: JsonSchema) => ValidationResult;

function validateAnyOf(
  parts: readonly JsonSchema[],
  branch: Branch,
  quoted: () => string,
  result: ValidationResult,
): void {
  let best: ValidationResult | undefined;
  for (const part of parts) {
    const own = branch(part);
    if (own.isValid) {
      result.merge(own);
      return;
    }
    if (!best || own.matches > best.matches) best = own;
  }
  result.addGeneral(`${quoted()} must validate at least one schema (anyOf)`);
  result.merge(best!);
}

function validateOneOf(
  parts: readonly JsonSchema[],
  branch: Branch,
  quoted: () => string,
  result: ValidationResult,
): void {
  let best: ValidationResult | undefined;
  let first: ValidationResult | undefined;
  let valid = 0;
  for (const part of parts) {
    const own = branch(part);
    if (own.isValid) {
      valid++;
      best = undefined;
      first ??= own;
    } else if (valid === 0 && (!best || own.matches > best.matches)) best = own;
  }
  if (valid === 1) {
    result.merge(first!);
    return;
  }
  const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
  result.addGeneral(`${quoted()} must validate one and only one schema (oneOf). ${found}`);
  if (best) result.merge(best);
}
