/** One step of a path. */
export type Step =
  | { readonly type: "field"; readonly name: string }
  | { readonly type: "wildcard" }
  /** Everything below, for the step that follows. */
  | { readonly type: "recursive" }
  | {
    readonly type: "slice";
    readonly from?: number | undefined;
    readonly to?: number | undefined;
    readonly by?: number | undefined;
  }
  | { readonly type: "union"; readonly parts: readonly (readonly Step[])[] }
  | {
    readonly type: "filter";
    readonly left: Operand;
    readonly operator: "exists" | "==" | "!=" | "<" | "<=" | ">" | ">=";
    readonly right?: Operand;
  };

/** One side of a comparison: a value, or a path from the item or the root. */
export type Operand =
  | { readonly value: string | number | boolean }
  | { readonly steps: readonly Step[]; readonly fromRoot: boolean };

type Refuse = (why: string) => Error;

/** The steps of a path. `refuse` makes the error for one that is none. */
export function parsePath(text: string, refuse: Refuse): readonly Step[] {
  const parser = new Parser(text, refuse);
  return parser.path();
}

class Parser {
  readonly #text: string;
  readonly #refuse: Refuse;
  #at = 0;

  constructor(text: string, refuse: Refuse) {
    this.#text = text;
    this.#refuse = refuse;
  }

  path(): Step[] {
    const steps: Step[] = [];
    if (this.#peek("$") || this.#peek("@")) this.#at++;
    while (this.#at < this.#text.length) this.#step(steps);
    return steps;
  }

  #peek(token: string): boolean {
    return this.#text.startsWith(token, this.#at);
  }

  #step(steps: Step[]): void {
    if (this.#peek("..")) {
      this.#at += 2;
      steps.push({ type: "recursive" });
      if (this.#at < this.#text.length && !this.#peek("[")) steps.push(this.#field());
    } else if (this.#peek(".")) {
      this.#at++;
      // A dot alone is the object itself; one before a bracket says nothing.
      if (this.#at < this.#text.length && !this.#peek("[")) steps.push(this.#field());
    } else if (this.#peek("[")) steps.push(this.#bracket());
    else if (this.#at === 0) steps.push(this.#field());
    else throw this.#refuse(`unexpected "${this.#text[this.#at]}" in ${this.#text}`);
  }

  #field(): Step {
    let name = "";
    while (this.#at < this.#text.length && !".[".includes(this.#text[this.#at]!)) {
      const char = this.#text[this.#at++]!;
      if (/[\s,|@]/.test(char)) throw this.#refuse(`unrecognized character in ${this.#text}`);
      name += char === "\\" ? this.#text[this.#at++] ?? "" : char;
    }
    if (name === "*") return { type: "wildcard" };
    return { type: "field", name };
  }

  #bracket(): Step {
    const inner = this.#inside();
    if (inner.startsWith("?(") && inner.endsWith(")")) return this.#filter(inner.slice(2, -1));
    const parts = splitOutside(inner, ",").map((part) => part.trim());
    if (parts.length === 1) return this.#subscript(parts[0]!);
    return { type: "union", parts: parts.map((part) => [this.#subscript(part)]) };
  }

  /** What stands between this bracket and the one that closes it. */
  #inside(): string {
    const start = this.#at + 1;
    let depth = 0;
    let quote = "";
    for (let i = this.#at; i < this.#text.length; i++) {
      const char = this.#text[i]!;
      if (quote !== "") {
        if (char === "\\") i++;
        else if (char === quote) quote = "";
      } else if (char === "'" || char === '"') quote = char;
      else if (char === "[") depth++;
      else if (char === "]" && --depth === 0) {
        this.#at = i + 1;
        return this.#text.slice(start, i);
      }
    }
    throw this.#refuse(`unterminated array in ${this.#text}`);
  }

  #subscript(text: string): Step {
    if (text === "*") return { type: "wildcard" };
    const quoted = /^'((?:[^'\\]|\\.)*)'$/s.exec(text) ?? /^"((?:[^"\\]|\\.)*)"$/s.exec(text);
    if (quoted) return { type: "field", name: unescape(quoted[1]!) };
    const slice = /^(-?\d*)(?:(:)(-?\d*))?(?::(-?\d*))?$/.exec(text);
    if (!slice || text === "") throw this.#refuse(`invalid array index ${text}`);
    const [, from, colon, to, by] = slice;
    const step = numberOf(by);
    if (step !== undefined && step <= 0) throw this.#refuse("step must be > 0");
    const first = numberOf(from);
    if (colon === undefined) return { type: "slice", from: first, to: first! + 1 };
    return { type: "slice", from: first, to: numberOf(to), by: step };
  }

  #filter(text: string): Step {
    const match = /^(.*?)(==|!=|<=|>=|<|>)(.*)$/s.exec(text);
    if (!match) return { type: "filter", left: this.#operand(text), operator: "exists" };
    const [, left = "", operator, right = ""] = match;
    return {
      type: "filter",
      left: this.#operand(left),
      operator: operator as "==",
      right: this.#operand(right),
    };
  }

  #operand(given: string): Operand {
    const text = given.trim();
    const quoted = /^'((?:[^'\\]|\\.)*)'$/s.exec(text) ?? /^"((?:[^"\\]|\\.)*)"$/s.exec(text);
    if (quoted) return { value: unescape(quoted[1]!) };
    if (text === "true" || text === "false") return { value: text === "true" };
    if (/^[+-]?\d+(\.\d+)?$/.test(text)) return { value: Number(text) };
    if (!/^[@$.[]/.test(text)) throw this.#refuse(`unrecognized identifier ${text}`);
    return { steps: parsePath(text, this.#refuse), fromRoot: text.startsWith("$") };
  }
}

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text === "" || text === "-" ? undefined : Number(text);
}

function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quote = "";
  let part = "";
  for (const char of text) {
    if (quote === "" && char === separator) {
      parts.push(part);
      part = "";
      continue;
    }
    if (char === quote) quote = "";
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    part += char;
  }
  return [...parts, part];
}
