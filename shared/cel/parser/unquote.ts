/** A literal that is not well formed; its message becomes an issue. */
export class LiteralError extends Error {
  override readonly name = "LiteralError";
}

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "'": 39,
  '"': 34,
  "`": 96,
  "?": 63,
};
const hexLengths: Readonly<Record<string, number>> = { x: 2, X: 2, u: 4, U: 8 };

/** The text of a string literal, quotes and prefix included. Throws LiteralError. */
export function unquoteString(literal: string): string {
  const { text, raw } = contentOf(literal);
  if (raw || !text.includes("\\")) return text;
  const parts: string[] = [];
  decode(text, false, (code) => {
    parts.push(String.fromCodePoint(code));
  });
  return parts.join("");
}

/** The bytes of a bytes literal without its `b`: escapes are bytes, other characters UTF-8. Throws LiteralError. */
export function unquoteBytes(literal: string): Uint8Array {
  const { text, raw } = contentOf(literal);
  const encoder = new TextEncoder();
  if (raw || !text.includes("\\")) return encoder.encode(text);
  const bytes: number[] = [];
  decode(text, true, (code, escaped) => {
    if (escaped) bytes.push(code & 0xff);
    else bytes.push(...encoder.encode(String.fromCodePoint(code)));
  });
  return Uint8Array.from(bytes);
}

function contentOf(literal: string): { readonly text: string; readonly raw: boolean } {
  let text = literal.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
  const raw = /^[rR]/.test(text);
  if (raw) text = text.slice(1);
  for (const quote of ['"""', "'''"]) {
    if (text.length >= 6 && text.startsWith(quote)) {
      if (!text.endsWith(quote)) throw new LiteralError("unable to unescape string");
      return { text: text.slice(3, -3), raw };
    }
  }
  const quote = text[0];
  if (text.length < 2 || (quote !== '"' && quote !== "'") || text.at(-1) !== quote) {
    throw new LiteralError("unable to unescape string");
  }
  return { text: text.slice(1, -1), raw };
}

function decode(
  text: string,
  bytes: boolean,
  emit: (code: number, escaped: boolean) => void,
): void {
  let at = 0;
  while (at < text.length) {
    const code = text.codePointAt(at)!;
    if (code !== 92) {
      emit(code, false);
      at += code > 0xffff ? 2 : 1;
      continue;
    }
    const escape = text[at + 1] ?? "";
    const simple = simpleEscapes[escape];
    if (simple !== undefined) {
      emit(simple, true);
      at += 2;
    } else {
      const { value, length } = numericEscape(text, at + 1, bytes);
      emit(value, true);
      at += 1 + length;
    }
  }
}

/** `x41`, `u0041`, `U00000041`, `101`: the code and how many characters it took. */
function numericEscape(
  text: string,
  at: number,
  bytes: boolean,
): { readonly value: number; readonly length: number } {
  const letter = text[at] ?? "";
  const hex = hexLengths[letter];
  const fail = (message = "unable to unescape string") => {
    throw new LiteralError(message);
  };
  let value: number;
  let length: number;
  if (hex !== undefined) {
    if (bytes && hex > 2) fail();
    const digits = text.slice(at + 1, at + 1 + hex);
    if (digits.length < hex || !/^[0-9a-fA-F]+$/.test(digits)) fail();
    value = parseInt(digits, 16);
    length = hex + 1;
  } else {
    if (!/^[0-3]/.test(letter)) fail();
    const digits = text.slice(at, at + 3);
    if (!/^[0-3][0-7][0-7]$/.test(digits)) fail("unable to unescape octal sequence in string");
    value = parseInt(digits, 8);
    length = 3;
  }
  if (!bytes && (value > 0x10ffff || value >= 0xd800 && value <= 0xdfff)) {
    fail("invalid unicode code point");
  }
  return { value, length };
}
