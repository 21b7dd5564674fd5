import { RE2JS, RE2JSException } from "re2js";
import { listOf } from "../values/collections.ts";
import { CelError, type CelValue } from "../values/value.ts";
import { type Overload, overload } from "./function_table.ts";

/** Compiled patterns kept; the oldest goes first. */
const MAX_CACHED = 256;
const compiled = new Map<string, RE2JS | CelError>();

/**
 * A pattern, or the error of one that is none. Patterns are matched in time linear in the text: nobody can write one that
 * does not come to an end. The last 256 are remembered.
 */
export function compilePattern(pattern: string): RE2JS | CelError {
  const known = compiled.get(pattern);
  if (known) return known;
  let fresh: RE2JS | CelError;
  try {
    fresh = RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    fresh = new CelError(error.message);
  }
  if (compiled.size >= MAX_CACHED) compiled.delete(compiled.keys().next().value!);
  compiled.set(pattern, fresh);
  return fresh;
}

/** Whether a part of the text matches. */
export function matches(text: string, pattern: string): CelValue {
  const regex = compilePattern(pattern);
  return regex instanceof CelError ? regex : regex.matcher(text).find();
}

function find(text: string, pattern: string): CelValue {
  const regex = compilePattern(pattern);
  if (regex instanceof CelError) return regex;
  const matcher = regex.matcher(text);
  return matcher.find() ? matcher.group() ?? "" : "";
}

function findAll(text: string, pattern: string, limit = -1n): CelValue {
  const regex = compilePattern(pattern);
  if (regex instanceof CelError) return regex;
  const matcher = regex.matcher(text);
  const found: string[] = [];
  while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? "");
  return listOf(found);
}

/** Source: "Kubernetes regex library" in https://kubernetes.io/docs/reference/using-api/cel/. */
export const regexFunctions: Readonly<Record<string, readonly Overload[]>> = {
  find: [
    overload(
      "string_find_string",
      "string.(string) -> string",
      (text, pattern) => find(text as string, pattern as string),
    ),
  ],
  findAll: [
    overload(
      "string_find_all_string",
      "string.(string) -> list(string)",
      (text, pattern) => findAll(text as string, pattern as string),
    ),
    overload(
      "string_find_all_string_int",
      "string.(string, int) -> list(string)",
      (text, pattern, limit) => findAll(text as string, pattern as string, limit as bigint),
    ),
  ],
};
