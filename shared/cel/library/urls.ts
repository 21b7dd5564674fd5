import { EntryMap, listOf } from "../values/collections.ts";
import { urlType } from "../types/signature.ts";
import { CelError, type CelValue, OpaqueValue } from "../values/value.ts";
import { type Implementation, type Overload, overload } from "./function_table.ts";

/** The parts of a URL as Go's `net/url` tells them apart, which keeps what is written: `URL` of the web changes it. */
interface UrlParts {
  readonly scheme: string;
  /** With port. */
  readonly host: string;
  /** As written. */
  readonly path: string;
  readonly query: string;
}

class UrlError extends Error {
  override readonly name = "UrlError";
}

/** An absolute URL, or an absolute path. */
export class UrlValue extends OpaqueValue {
  readonly type = urlType;

  constructor(readonly text: string, readonly parts: UrlParts) {
    super();
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof UrlValue && this.text === other.text;
  }
}

function parseUrl(text: string): UrlParts {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(text)) throw new UrlError("net/url: invalid control character in URL");
  if (text === "") throw new UrlError("empty url");
  if (text === "*") return { scheme: "", host: "", path: "*", query: "" };
  const { scheme, rest } = schemeOf(text);
  const mark = rest.indexOf("?");
  const body = mark < 0 ? rest : rest.slice(0, mark);
  const query = mark < 0 ? "" : rest.slice(mark + 1);
  if (!body.startsWith("/")) {
    if (scheme === "") throw new UrlError("invalid URI for request");
    return { scheme, host: "", path: "", query };
  }
  if (!body.startsWith("//") || scheme === "" && body.startsWith("///")) {
    return { scheme, host: "", path: checkEscapes(body), query };
  }
  const slash = body.indexOf("/", 2);
  const authority = slash < 0 ? body.slice(2) : body.slice(2, slash);
  const host = hostOf(authority.slice(authority.lastIndexOf("@") + 1));
  return { scheme, host, path: checkEscapes(slash < 0 ? "" : body.slice(slash)), query };
}

function schemeOf(text: string): { readonly scheme: string; readonly rest: string } {
  const colon = text.indexOf(":");
  const before = text.slice(0, Math.max(colon, 0));
  if (colon === 0) throw new UrlError("missing protocol scheme");
  if (colon < 0 || !/^[a-zA-Z][a-zA-Z0-9+.-]*$/.test(before)) {
    if (colon > 0 && /^[0-9+.-][a-zA-Z0-9+.-]*$/.test(before)) {
      throw new UrlError("first path segment in URL cannot contain colon");
    }
    return { scheme: "", rest: text };
  }
  return { scheme: before.toLowerCase(), rest: text.slice(colon + 1) };
}

function hostOf(host: string): string {
  const port = host.startsWith("[") ? host.slice(host.indexOf("]") + 1) : host.slice(
    Math.max(host.indexOf(":"), host.lastIndexOf(":")) < 0 ? host.length : host.lastIndexOf(":"),
  );
  if (host.startsWith("[") && !host.includes("]")) throw new UrlError("missing ']' in host");
  if (port !== "" && !/^:[0-9]*$/.test(port)) {
    throw new UrlError(`invalid port ${JSON.stringify(port)} after host`);
  }
  const bad = /[^a-zA-Z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.exec(host);
  if (bad) throw new UrlError(`invalid character ${JSON.stringify(bad[0])} in host name`);
  return checkEscapes(host);
}

function checkEscapes(text: string): string {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text);
  if (bad) throw new UrlError(`invalid URL escape ${JSON.stringify(bad[0])}`);
  return text;
}

function tryParse(text: CelValue): UrlValue | CelError {
  try {
    return new UrlValue(text as string, parseUrl(text as string));
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    const why = `parse ${JSON.stringify(text)}: ${error.message}`;
    return new CelError(`URL parse error during conversion from string: ${why}`);
  }
}

/** Whether a text is an absolute URL or path. */
export function isUrl(text: string): boolean {
  return tryParse(text) instanceof UrlValue;
}

function hostname(host: string): string {
  if (host.startsWith("[")) return host.slice(1, host.indexOf("]"));
  return host.includes(":") ? host.slice(0, host.lastIndexOf(":")) : host;
}

function portOf(host: string): string {
  const rest = host.startsWith("[") ? host.slice(host.indexOf("]") + 1) : host;
  const colon = rest.lastIndexOf(":");
  return colon < 0 ? "" : rest.slice(colon + 1);
}

function escapedPath(path: string): string {
  return path.replace(
    /[^a-zA-Z0-9\-._~!$&'()*+,;=:@/%[\]]+/gu,
    (part) =>
      [...new TextEncoder().encode(part)].map((byte) =>
        `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
      ).join(""),
  );
}

/** The parameters of a query with all their values. */
function queryOf(query: string): CelValue {
  const values = new Map<string, string[]>();
  for (const part of query.split("&")) {
    if (part === "" || part.includes(";")) continue;
    const equals = part.indexOf("=");
    const key = unescapeQuery(equals < 0 ? part : part.slice(0, equals));
    const value = unescapeQuery(equals < 0 ? "" : part.slice(equals + 1));
    if (key === undefined || value === undefined) continue;
    const known = values.get(key);
    if (known) known.push(value);
    else values.set(key, [value]);
  }
  const map = new EntryMap();
  for (const [key, list] of values) map.set(key, listOf(list));
  return map;
}

function unescapeQuery(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const bytes: number[] = [];
  for (const part of text.replaceAll("+", " ").split(/(%[0-9a-fA-F]{2})/)) {
    if (/^%[0-9a-fA-F]{2}$/.test(part)) bytes.push(parseInt(part.slice(1), 16));
    else bytes.push(...new TextEncoder().encode(part));
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

function onUrl(run: (parts: UrlParts) => CelValue): Implementation {
  return (url) => run((url as UrlValue).parts);
}

/** Source: "Kubernetes URL library" in https://kubernetes.io/docs/reference/using-api/cel/. */
export const urlFunctions: Readonly<Record<string, readonly Overload[]>> = {
  url: [overload("string_to_url", "(string) -> URL", tryParse)],
  getScheme: [overload("url_get_scheme", "URL.() -> string", onUrl(({ scheme }) => scheme))],
  getHost: [overload("url_get_host", "URL.() -> string", onUrl(({ host }) => host))],
  getHostname: [
    overload("url_get_hostname", "URL.() -> string", onUrl(({ host }) => hostname(host))),
  ],
  getPort: [overload("url_get_port", "URL.() -> string", onUrl(({ host }) => portOf(host)))],
  getEscapedPath: [
    overload("url_get_escaped_path", "URL.() -> string", onUrl(({ path }) => escapedPath(path))),
  ],
  getQuery: [
    overload(
      "url_get_query",
      "URL.() -> map(string, list(string))",
      onUrl(({ query }) => queryOf(query)),
    ),
  ],
  isURL: [overload("is_url_string", "(string) -> bool", (text) => isUrl(text as string))],
};
