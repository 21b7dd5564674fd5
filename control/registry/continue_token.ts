import { parseJson } from "../../shared/codec/json.ts";
import { badRequest } from "./errors.ts";

/** Where a paged list goes on. */
export interface ContinueToken {
  /** The revision of the first page; -1: whatever is current (after an expired token). */
  readonly revision: number;
  /** The key, below the list's prefix, after which the next page starts. */
  readonly after: string;
}
const tokenVersion = "meta.k8s.io/v1";

/** The opaque text a client hands back. The same form as the reference's, so that its length and alphabet fit. */
export function encodeContinue({ revision, after }: ContinueToken): string {
  const bytes = new TextEncoder().encode(
    JSON.stringify({ v: tokenVersion, rv: revision, start: after + END }),
  );
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** A NUL after a key makes the start of what follows it, in the reference's exclusive ranges. */
const END = "\u0000";

/** Reads a token. Throws BadRequest for one we did not make. */
export function decodeContinue(text: string): ContinueToken {
  const refuse = (why: string) =>
    badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const illegal = illegalBase64Byte(text);
  if (illegal >= 0) throw refuse(`illegal base64 data at input byte ${illegal}`);
  let token: { v?: unknown; rv?: unknown; start?: unknown };
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    token = parseJson(Uint8Array.from(binary, (c) => c.charCodeAt(0))).value as typeof token ?? {};
  } catch (error) {
    throw refuse((error as Error).message);
  }
  if (token.v !== tokenVersion) {
    throw refuse(`server does not recognize this encoded version ${token.v ?? ""}`);
  }
  if (typeof token.start !== "string" || token.start === "") {
    throw refuse("encoded start key empty");
  }
  if (typeof token.rv !== "number" || token.rv === 0) {
    throw refuse("incorrect encoded start resourceVersion");
  }
  return { revision: token.rv, after: withoutEnd(token.start) };
}

/** Index of the first byte at which URL-safe, unpadded base64 breaks; -1: none. */
function illegalBase64Byte(text: string): number {
  const bad = text.search(/[^A-Za-z0-9_-]/);
  if (bad >= 0) return bad;
  return text.length % 4 === 1 ? text.length - 1 : -1;
}

function withoutEnd(start: string): string {
  return start.endsWith(END) ? start.slice(0, -END.length) : start;
}
