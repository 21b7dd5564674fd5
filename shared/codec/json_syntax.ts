/**
 * What Go's decoder says about broken JSON, e.g. `invalid character 'x' looking for beginning of value` or
 * `unexpected end of JSON input`; undefined: the text is valid. Reads bytes, because Go names the first bad byte.
 */
export function checkJson(bytes: Uint8Array): string | undefined {
  try {
    new Checker(bytes).run();
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxFault) return error.message;
    throw error;
  }
}

class SyntaxFault extends Error {
  override readonly name = "SyntaxFault";
}

const end = -1;
const code = (char: string) => char.charCodeAt(0);
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;

class Checker {
  #at = 0;
  constructor(readonly bytes: Uint8Array) {}

  run(): void {
    this.#value();
    this.#space();
    if (this.#peek() !== end) this.#fail("after top-level value");
  }

  #value(): void {
    this.#space();
    const byte = this.#peek();
    if (byte === code("{")) return this.#object();
    if (byte === code("[")) return this.#array();
    if (byte === code('"')) return this.#string();
    if (byte === code("-") || isDigit(byte)) return this.#number();
    for (const word of ["true", "false", "null"]) {
      if (byte === word.charCodeAt(0)) return this.#word(word);
    }
    this.#fail("looking for beginning of value");
  }

  #object(): void {
    this.#at++;
    this.#space();
    if (this.#take("}")) return;
    for (;;) {
      this.#space();
      if (this.#peek() !== code('"')) this.#fail("looking for beginning of object key string");
      this.#string();
      this.#space();
      if (!this.#take(":")) this.#fail("after object key");
      this.#value();
      this.#space();
      if (this.#take("}")) return;
      if (!this.#take(",")) this.#fail("after object key:value pair");
    }
  }

  #array(): void {
    this.#at++;
    this.#space();
    if (this.#take("]")) return;
    for (;;) {
      this.#value();
      this.#space();
      if (this.#take("]")) return;
      if (!this.#take(",")) this.#fail("after array element");
    }
  }

  #string(): void {
    this.#at++;
    while (!this.#take('"')) {
      if (this.#peek() < 0x20) this.#fail("in string literal");
      if (!this.#take("\\")) this.#at++;
      else this.#escape();
    }
  }

  #escape(): void {
    if (this.#take("u")) {
      for (let i = 0; i < 4; i++) {
        if (!/[0-9a-fA-F]/.test(this.#char())) this.#fail("in \\u hexadecimal character escape");
        this.#at++;
      }
    } else if ('"\\/bfnrt'.includes(this.#char())) this.#at++;
    else this.#fail("in string escape code");
  }

  #number(): void {
    if (this.#take("-") && !isDigit(this.#peek())) this.#fail("in numeric literal");
    if (!this.#take("0")) this.#digits();
    if (this.#take(".")) {
      if (!isDigit(this.#peek())) this.#fail("after decimal point in numeric literal");
      this.#digits();
    }
    if (this.#take("e") || this.#take("E")) {
      if (!this.#take("+")) this.#take("-");
      if (!isDigit(this.#peek())) this.#fail("in exponent of numeric literal");
      this.#digits();
    }
  }

  #digits(): void {
    while (isDigit(this.#peek())) this.#at++;
  }

  #word(word: string): void {
    for (const char of word) {
      if (!this.#take(char)) this.#fail(`in literal ${word} (expecting '${char}')`);
    }
  }

  #space(): void {
    while (" \t\r\n".includes(this.#char())) this.#at++;
  }

  #take(char: string): boolean {
    if (this.#peek() !== code(char)) return false;
    this.#at++;
    return true;
  }

  #peek(): number {
    return this.bytes[this.#at] ?? end;
  }

  /** The byte as Go shows it: each byte of a multi-byte character on its own. */
  #char(): string {
    const byte = this.#peek();
    return byte === end ? "end" : String.fromCharCode(byte);
  }

  #fail(context: string): never {
    if (this.#peek() === end) throw new SyntaxFault("unexpected end of JSON input");
    const char = this.#char();
    const shown = char === "'" ? "\\'" : char === '"' ? '"' : JSON.stringify(char).slice(1, -1);
    throw new SyntaxFault(`invalid character '${shown}' ${context}`);
  }
}
