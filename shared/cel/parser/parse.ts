import { CharStream, CommonTokenStream } from "antlr4ng";
import type { Expr } from "../ast/expr.ts";
import { Issues, noLocation, Source } from "../issues.ts";
import { MAX_EXPRESSION_LENGTH } from "../limits.ts";
import { AstBuilder } from "./build_ast.ts";
import {
  BoundedErrorStrategy,
  DepthGuard,
  ParseAbort,
  SyntaxErrorListener,
} from "./error_strategy.ts";
import { CELLexer } from "./grammar/cel_lexer.gen.ts";
import { CELParser } from "./grammar/cel_parser.gen.ts";
import type { MacroTable } from "./macros.ts";

/** What parsing comes to: an expression if there are no issues. */
export interface Parsed {
  readonly expr: Expr | undefined;
  readonly source: Source;
  readonly issues: Issues;
}

/**
 * Parses an expression and expands its macros. Bounded in length, depth and attempts to go on after errors; never
 * throws for what the text is.
 */
export function parse(text: string, macros: MacroTable): Parsed {
  const source = new Source(text);
  const issues = new Issues(source);
  const length = source.codePoints.length;
  if (length > MAX_EXPRESSION_LENGTH) {
    const message =
      `expression code point size exceeds limit: size: ${length}, limit ${MAX_EXPRESSION_LENGTH}`;
    issues.report(noLocation, message);
    return { expr: undefined, source, issues };
  }
  try {
    const start = parserFor(source, issues).start();
    const expr = new AstBuilder(issues, macros).build(start);
    return { expr: issues.count === 0 ? expr : undefined, source, issues };
  } catch (error) {
    if (!(error instanceof ParseAbort)) throw error;
    if (error.message !== "") issues.report(noLocation, error.message);
    return { expr: undefined, source, issues };
  }
}

function parserFor(source: Source, issues: Issues): CELParser {
  const empty = source.codePoints.length === 0;
  const listener = new SyntaxErrorListener((line, column, message) =>
    issues.report({ line, column: empty ? -1 : column }, `Syntax error: ${message}`)
  );
  const lexer = new CELLexer(CharStream.fromString(source.text));
  lexer.removeErrorListeners();
  lexer.addErrorListener(listener);
  const parser = new CELParser(new CommonTokenStream(lexer));
  parser.removeErrorListeners();
  parser.addErrorListener(listener);
  parser.addParseListener(new DepthGuard());
  parser.errorHandler = new BoundedErrorStrategy();
  return parser;
}
