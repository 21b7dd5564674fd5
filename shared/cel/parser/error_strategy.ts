import {
  BaseErrorListener,
  DefaultErrorStrategy,
  type IntervalSet,
  type Parser,
  type ParserRuleContext,
  type ParseTreeListener,
  type RecognitionException,
  type Recognizer,
  type Token,
} from "antlr4ng";
import { MAX_RECURSION } from "../limits.ts";

/** Parsing is given up: too deep, or too broken to make sense of. An empty message has been reported already. */
export class ParseAbort extends Error {
  override readonly name = "ParseAbort";
}

const MAX_SYNTAX_ERRORS = 100;
const MAX_RECOVERIES = 30;
const MAX_SKIPPED_TOKENS = 256;

/** Recovers from errors as often, and skips as much, as stays bounded. */
export class BoundedErrorStrategy extends DefaultErrorStrategy {
  #recoveries = 0;
  #skippable = Number.POSITIVE_INFINITY;

  override recover(recognizer: Parser, error: RecognitionException): void {
    this.#countRecovery(recognizer);
    this.#skippable = MAX_SKIPPED_TOKENS;
    super.recover(recognizer, error);
    this.#skippable = Number.POSITIVE_INFINITY;
  }

  override recoverInline(recognizer: Parser): Token {
    this.#countRecovery(recognizer);
    return super.recoverInline(recognizer);
  }

  override consumeUntil(recognizer: Parser, set: IntervalSet): void {
    let type = recognizer.inputStream.LA(1);
    while (type !== -1 && !set.contains(type)) {
      if (this.#skippable-- <= 0) {
        throw new ParseAbort(
          `error recovery token lookahead limit exceeded: ${MAX_SKIPPED_TOKENS}`,
        );
      }
      recognizer.consume();
      type = recognizer.inputStream.LA(1);
    }
  }

  #countRecovery(recognizer: Parser): void {
    if (this.#recoveries++ < MAX_RECOVERIES) return;
    const message = `error recovery attempt limit exceeded: ${MAX_RECOVERIES}`;
    recognizer.notifyErrorListeners(message, recognizer.getCurrentToken(), null);
    throw new ParseAbort("");
  }
}

/** Refuses expressions that are nested too deep, before the stack does. */
export class DepthGuard implements ParseTreeListener {
  readonly #depths = new Map<number, number>();

  enterEveryRule(context: ParserRuleContext): void {
    const depth = (this.#depths.get(context.ruleIndex) ?? 0) + 1;
    this.#depths.set(context.ruleIndex, depth);
    if (depth > MAX_RECURSION) {
      throw new ParseAbort(`expression recursion limit exceeded: ${MAX_RECURSION}`);
    }
  }

  exitEveryRule(context: ParserRuleContext): void {
    const depth = this.#depths.get(context.ruleIndex) ?? 0;
    if (depth > 0) this.#depths.set(context.ruleIndex, depth - 1);
  }

  visitTerminal(): void {}
  visitErrorNode(): void {}
}

/** Hands syntax errors on, worded as the reference words them. */
export class SyntaxErrorListener extends BaseErrorListener {
  readonly #report: (line: number, column: number, message: string) => void;
  #count = 0;

  constructor(report: (line: number, column: number, message: string) => void) {
    super();
    this.#report = report;
  }

  override syntaxError(
    _recognizer: Recognizer<never>,
    _symbol: unknown,
    line: number,
    column: number,
    message: string,
  ): void {
    if (this.#count++ >= MAX_SYNTAX_ERRORS) {
      this.#report(line, column, `More than ${MAX_SYNTAX_ERRORS} syntax errors`);
      throw new ParseAbort("");
    }
    // A reserved word in place of a name is told as such.
    const worded = message.replace(
      /no viable alternative at input '.(true|false|null)'/,
      "mismatched input '$1' expecting IDENTIFIER",
    );
    this.#report(line, column, worded);
  }
}
