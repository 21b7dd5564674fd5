/** A text that is not base64; the message is that of Go's `encoding/base64`. */
export class Base64Error extends Error {
  override readonly name = "Base64Error";
}

const standard = /^[A-Za-z0-9+/]*={0,2}$/;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The text that Go writes for the bytes that `text` stands for: line breaks are skipped, unused bits cleared.
 * Throws Base64Error.
 */
export function canonicalBase64(text: string): string {
  if (isCanonical(text)) return text;
  const compact = text.replace(/[\r\n]/g, "");
  if (compact.length % 4 !== 0 || !standard.test(compact)) {
    throw new Base64Error(`illegal base64 data at input byte ${corruptAt(text)}`);
  }
  return isCanonical(compact) ? compact : clearUnusedBits(compact);
}

function isCanonical(text: string): boolean {
  if (text.length % 4 !== 0 || !standard.test(text)) return false;
  if (!text.endsWith("=")) return true;
  return clearUnusedBits(text) === text;
}

function clearUnusedBits(text: string): string {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const at = text.length - padding - 1;
  const bits = alphabet.indexOf(text.charAt(at));
  const kept = padding === 2 ? bits & 0b110000 : bits & 0b111100;
  return text.slice(0, at) + alphabet[kept] + "=".repeat(padding);
}

/** Where Go's decoder gives up: at the bad character, or at the start of the group that is not complete. */
function corruptAt(text: string): number {
  let groupLength = 0;
  let groupStart = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === "\r" || char === "\n") continue;
    if (groupLength === 0) groupStart = i;
    if (char === "=") return groupLength < 2 ? i : afterPadding(text, i, groupLength);
    if (!alphabet.includes(char)) return i;
    groupLength = (groupLength + 1) % 4;
  }
  return groupLength === 0 ? text.length : groupStart;
}

function afterPadding(text: string, at: number, groupLength: number): number {
  const skip = (from: number) => {
    while (text[from] === "\r" || text[from] === "\n") from++;
    return from;
  };
  let next = skip(at + 1);
  if (groupLength === 2) {
    if (next === text.length) return text.length;
    if (text[next] !== "=") return next - 1;
    next = skip(next + 1);
  }
  return next;
}
