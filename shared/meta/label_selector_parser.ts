import {
  keyErrors,
  type LabelOperator,
  type LabelRequirement,
  newRequirement,
} from "./label_requirement.ts";
import { StatusError } from "./status_error.ts";

type TokenKind =
  | "identifier"
  | "end"
  | ")"
  | "("
  | ","
  | "!"
  | "="
  | "=="
  | "!="
  | ">"
  | "<"
  | "in"
  | "notin";
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const operators: ReadonlyMap<TokenKind, LabelOperator> = new Map<TokenKind, LabelOperator>([
  ["in", "in"],
  ["notin", "notin"],
  ["=", "="],
  ["==", "=="],
  ["!=", "!="],
  [">", "gt"],
  ["<", "lt"],
]);

/** The requirements in a label selector's text, in its order. Throws StatusError `BadRequest`. */
export function parseRequirements(text: string): LabelRequirement[] {
  return new Parser(tokenize(text)).parse();
}

const tokenPattern = /[ \t\r\n]+|==|!=|[=!(),<>]|[^ \t\r\n=!(),<>]+/g;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [part] of text.matchAll(tokenPattern)) {
    if (/^[ \t\r\n]/.test(part)) continue;
    const isWord = part === "in" || part === "notin" || /^[=!(),<>]/.test(part);
    tokens.push({ kind: isWord ? part as TokenKind : "identifier", text: part });
  }
  return tokens;
}

const end: Token = { kind: "end", text: "" };

/** Recursive descent over the grammar of label selectors; `in` and `notin` are names wherever a name may stand. */
class Parser {
  #position = 0;
  constructor(readonly tokens: readonly Token[]) {}

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    while (true) {
      const first = this.#peek();
      if (first.kind === "end") return requirements;
      if (first.kind !== "identifier" && first.kind !== "!") {
        throw bad(`found '${first.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const next = this.#take();
      if (next.kind === "end") return requirements;
      if (next.kind !== ",") throw bad(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.#peek();
      if (after.kind !== "identifier" && after.kind !== "!") {
        throw bad(`found '${after.text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): LabelRequirement {
    try {
      return this.#condition();
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      throw bad(`unable to parse requirement: ${error.message}`);
    }
  }

  #condition(): LabelRequirement {
    let token = this.#take();
    const isAbsent = token.kind === "!";
    if (isAbsent) token = this.#take();
    if (token.kind !== "identifier") throw bad(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const [keyError] = keyErrors(key, "<nil>");
    if (keyError !== undefined) throw bad(keyError);
    if (isAbsent) return newRequirement(key, "!", []);
    const next = this.#peek();
    if (next.kind === "end" || next.kind === ",") return newRequirement(key, "exists", []);
    const operator = this.#operator();
    const isSet = operator === "in" || operator === "notin";
    return newRequirement(key, operator, isSet ? this.#values() : [this.#exactValue()]);
  }

  #operator(): LabelOperator {
    const token = this.#takeRaw();
    const operator = operators.get(token.kind);
    if (operator) return operator;
    throw bad(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
  }

  #exactValue(): string {
    const next = this.#peek();
    if (next.kind === "end" || next.kind === ",") return "";
    const token = this.#take();
    if (token.kind === "identifier") return token.text;
    throw bad(`found '${token.text}', expected: identifier`);
  }

  #values(): string[] {
    const open = this.#take();
    if (open.kind !== "(") throw bad(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.kind === ")") {
      this.#take();
      return [""];
    }
    if (first.kind !== "identifier" && first.kind !== ",") {
      throw bad(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = this.#list();
    if (this.#take().kind !== ")") throw bad(`found '${first.text}', expected: ')'`);
    return values;
  }

  /** Empty places between commas are empty values. */
  #list(): string[] {
    const values: string[] = [];
    while (true) {
      const token = this.#take();
      if (token.kind === "identifier") {
        values.push(token.text);
        const next = this.#peek();
        if (next.kind === ")") return values;
        if (next.kind !== ",") throw bad(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ",") {
        if (values.length === 0) values.push("");
        const next = this.#peek();
        if (next.kind === ")") return [...values, ""];
        if (next.kind === ",") {
          this.#take();
          values.push("");
        }
      } else throw bad(`found '${token.text}', expected: ',', or identifier`);
    }
  }

  #peek(): Token {
    return asName(this.tokens[this.#position] ?? end);
  }

  #take(): Token {
    return asName(this.#takeRaw());
  }

  #takeRaw(): Token {
    return this.tokens[this.#position++] ?? end;
  }
}

function asName(token: Token): Token {
  return token.kind === "in" || token.kind === "notin"
    ? { kind: "identifier", text: token.text }
    : token;
}

function bad(message: string): StatusError {
  return new StatusError("BadRequest", message);
}
