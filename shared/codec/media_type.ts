/** One media type with its parameters; names are in lower case. */
export interface MediaType {
  readonly type: string;
  readonly subtype: string;
  /** Without `q`. Values keep their case. */
  readonly parameters: Readonly<Record<string, string>>;
}
/** One clause of an `Accept` header. */
export interface AcceptClause extends MediaType {
  /** From 0 to 1; 1 if not given. */
  readonly quality: number;
}

/** A header with more clauses is cut here: nobody means it. */
const maxClauses = 64;

/**
 * The clauses of an `Accept` header, the best first: by `q`, wildcards after what they stand for, otherwise in the order
 * given. An absent or empty header has none: the server then takes its default. Clauses that are no media type are
 * left out.
 */
export function parseAccept(header: string | null | undefined): AcceptClause[] {
  if (!header) return [];
  const clauses: AcceptClause[] = [];
  for (const part of split(header, ",").slice(0, maxClauses)) {
    const media = parseMediaType(part);
    if (!media) continue;
    const { q, ...parameters } = media.parameters;
    const quality = q === undefined ? 1 : Number(q);
    if (quality >= 0 && quality <= 1) clauses.push({ ...media, parameters, quality });
  }
  return clauses.sort((a, b) => b.quality - a.quality || wildcards(a) - wildcards(b));
}

/**
 * A `Content-Type` such as `application/json; charset=utf-8`. undefined: the header is absent or no media type.
 */
export function parseContentType(header: string | null | undefined): MediaType | undefined {
  return header ? parseMediaType(header) : undefined;
}

/**
 * Whether a clause takes what is offered as `application/json`. Only the full wildcard counts: the reference answers 406 to
 * `application/*`.
 */
export function accepts(clause: MediaType, offered: string): boolean {
  if (clause.type === "*" && clause.subtype === "*") return true;
  return `${clause.type}/${clause.subtype}` === offered;
}

function parseMediaType(text: string): MediaType | undefined {
  const [essence = "", ...rest] = split(text, ";");
  const match = /^\s*([^\s/;,]+)\s*\/\s*([^\s/;,]+)\s*$/.exec(essence);
  if (!match) return undefined;
  const parameters: Record<string, string> = {};
  for (const parameter of rest) {
    const equals = parameter.indexOf("=");
    if (equals < 0) continue;
    const name = parameter.slice(0, equals).trim().toLowerCase();
    if (name !== "" && name !== "__proto__") {
      parameters[name] = unquote(parameter.slice(equals + 1));
    }
  }
  return { type: match[1]!.toLowerCase(), subtype: match[2]!.toLowerCase(), parameters };
}

/** Splits at a separator outside quotes. */
function split(text: string, separator: "," | ";"): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts = separator === "," ? /(?:"(?:\\.|[^"\\])*"|[^,])+/g : /(?:"(?:\\.|[^"\\])*"|[^;])+/g;
  return text.match(parts) ?? [];
}

function unquote(text: string): string {
  const value = text.trim();
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  return value.slice(1, -1).replace(/\\(.)/g, "$1");
}

function wildcards({ type, subtype }: MediaType): number {
  return Number(type === "*") + Number(subtype === "*");
}
