/**
 * Calls `visit` for every key of a valid JSON text, in document order, with its path (`spec.containers[0].name`) and
 * whether its object has had it before. For rare cases: it reads the text a second time, character by character.
 */
export function scanFields(
  text: string,
  visit: (path: string, isDuplicate: boolean) => void,
): void {
  new FieldScanner(text, visit).value("");
}

class FieldScanner {
  #at = 0;
  constructor(
    readonly text: string,
    readonly visit: (path: string, isDuplicate: boolean) => void,
  ) {}

  value(path: string): void {
    this.#space();
    const char = this.text[this.#at];
    if (char === "{") this.#object(path);
    else if (char === "[") this.#array(path);
    else if (char === '"') this.#string();
    else this.#literal();
  }

  #object(path: string): void {
    const keys = new Set<string>();
    this.#at++;
    for (this.#space(); this.text[this.#at] !== "}"; this.#separator("}")) {
      const key = this.#string();
      const fieldPath = path === "" ? key : `${path}.${key}`;
      this.visit(fieldPath, keys.has(key));
      keys.add(key);
      this.#space();
      this.#at++; // The colon.
      this.value(fieldPath);
    }
    this.#at++;
  }

  #array(path: string): void {
    this.#at++;
    let index = 0;
    for (this.#space(); this.text[this.#at] !== "]"; this.#separator("]")) {
      this.value(`${path}[${index++}]`);
    }
    this.#at++;
  }

  #separator(close: string): void {
    this.#space();
    if (this.text[this.#at] === close) return;
    this.#at++;
    this.#space();
  }

  #string(): string {
    const start = this.#at++;
    while (this.text[this.#at] !== '"') this.#at += this.text[this.#at] === "\\" ? 2 : 1;
    this.#at++;
    return JSON.parse(this.text.slice(start, this.#at)) as string;
  }

  #literal(): void {
    const literal = /[^\s,\]}]*/y;
    literal.lastIndex = this.#at;
    this.#at += literal.exec(this.text)![0].length;
  }

  #space(): void {
    while (/\s/.test(this.text[this.#at] ?? "")) this.#at++;
  }
}
