import { RE2JS } from "re2js";

/** A compiled regular expression, or why it is none. */
export type Pattern =
  | { readonly matches: (text: string) => boolean; readonly problem?: undefined }
  | { readonly problem: string };

const compiled = new Map<string, Pattern>();
/** Patterns come from definitions, which are few; the oldest is forgotten. */
const maxPatterns = 1000;

/**
 * A pattern in RE2 syntax, as the reference reads it. It matches anywhere in a text, in time linear in the text, so
 * a hostile pattern cannot stall the server. `problem` is the reference's text.
 */
export function compilePattern(source: string): Pattern {
  const known = compiled.get(source);
  if (known) return known;
  const pattern = compile(source);
  if (compiled.size >= maxPatterns) compiled.delete(compiled.keys().next().value!);
  compiled.set(source, pattern);
  return pattern;
}

function compile(source: string): Pattern {
  try {
    const regex = RE2JS.compile(source);
    return { matches: (text) => regex.test(text) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
