import { Composer, Document, LineCounter, Parser, visit } from "yaml";
import { DecodeError } from "../schema/decode_error.ts";
import { parseJson } from "./json.ts";
import { YamlConversion } from "./yaml_conversion.ts";
import { looksLikeOtherType } from "./yaml_scalar.ts";

export interface ParsedYaml {
  readonly value: unknown;
  /** `line 7: key "k" already set in map`, in document order; the last value counts. */
  readonly duplicateKeys: string[];
}

/**
 * Parses the first document of a YAML body to the JSON value that sigs.k8s.io/yaml makes of it: YAML 1.1 booleans
 * (`y`, `on`), keys as strings, timestamps as strings, `<<` merged. Throws DecodeError for what is not YAML and for
 * documents whose aliases would grow it out of proportion. An empty document is null. The caller bounds the size.
 */
export function parseYaml(input: string | Uint8Array): ParsedYaml {
  const text = typeof input === "string" ? input : new TextDecoder().decode(input);
  const json = readAsJson(text);
  if (json !== undefined) return { value: json, duplicateKeys: [] };
  const lines = new LineCounter();
  try {
    const parser = new Parser(lines.addNewLine);
    const composer = new Composer({ schema: "failsafe", uniqueKeys: false, version: "1.1" });
    for (const document of composer.compose(parser.parse(text), true, text.length)) {
      const error = document.errors[0];
      if (error) throw new DecodeError(syntaxText(error.code, lines.linePos(error.pos[0]).line));
      const conversion = new YamlConversion(lines);
      return { value: conversion.convert(document.contents), duplicateKeys: conversion.duplicates };
    }
  } catch (error) {
    if (error instanceof RangeError) {
      throw new DecodeError("yaml: exceeded max depth", { cause: error });
    }
    throw error;
  }
  return { value: null, duplicateKeys: [] };
}

/**
 * The value of a text that is JSON, which programs send as YAML and which is read a hundred times faster as what it is.
 * Undefined if the two could differ: faults, keys given twice, characters that YAML does not take.
 */
function readAsJson(text: string): unknown {
  if (!text.startsWith("{") || !plain.test(text)) return undefined;
  try {
    const { value, duplicateFields } = parseJson(text);
    return duplicateFields.length === 0 ? value : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** What JSON and YAML both take as it stands. */
const plain = /^[\x20-\x7e\n\u00a0-\ud7ff\ue000-\ufffd]*$/;

/** The text of the strict decoding error that stands for `duplicateKeys`. */
export function yamlStrictError(duplicateKeys: readonly string[]): string {
  return ["yaml: unmarshal errors:", ...duplicateKeys.map((line) => `  ${line}`)].join("\n");
}

/** A JSON value as YAML in the style of the reference: keys sorted, lists not indented, no line folding. */
export function encodeYaml(value: unknown): string {
  const document = new Document(value, {
    version: "1.1",
    schema: "yaml-1.1",
    aliasDuplicateObjects: false,
    sortMapEntries: true,
  });
  visit(document, {
    Scalar(_, node) {
      // Plain, a YAML 1.1 reader would make numbers, booleans or dates of them.
      if (typeof node.value === "string" && looksLikeOtherType(node.value)) {
        node.type = "QUOTE_DOUBLE";
      }
    },
  });
  return document.toString({ indentSeq: false, lineWidth: 0, directives: false });
}

/** go-yaml's words for the faults that people make; others share one text. */
function syntaxText(code: string, line: number): string {
  return `yaml: line ${line}: ${faults[code] ?? "did not find expected node content"}`;
}

const faults: Readonly<Record<string, string>> = {
  BAD_INDENT: "did not find expected node content",
  TAB_AS_INDENT: "found character that cannot start any token",
  MISSING_CHAR: "did not find expected node content",
  BLOCK_AS_IMPLICIT_KEY: "mapping values are not allowed in this context",
  MULTILINE_IMPLICIT_KEY: "could not find expected ':'",
  BAD_ALIAS: "unknown anchor referenced",
  BAD_DQ_ESCAPE: "found unknown escape character",
  BAD_SCALAR_START: "found character that cannot start any token",
  IMPOSSIBLE: "did not find expected key",
  UNEXPECTED_TOKEN: "did not find expected key",
};
