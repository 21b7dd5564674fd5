import type { RemoteOpenApi } from "../../aggregator/remote_openapi.ts";
import { sameJson } from "../../../shared/schema/same_json.ts";

type Values = Record<string, unknown>;

/** The parts of a version 2 document that are merged. */
export interface Swagger {
  readonly paths: Readonly<Values>;
  readonly definitions: Readonly<Values>;
}

const kindsExtension = "x-kubernetes-group-version-kind";
const referencePattern = /"\$ref":"#\/definitions\/([^"]+)"/g;

/**
 * A version 2 document with the paths of remote groups, and the definitions that these refer to. A definition that
 * differs from one of the same name gets another name, as kube-openapi's aggregator gives it. Documents that are none are
 * left out.
 */
export function mergeRemote(base: Swagger, remotes: readonly RemoteOpenApi[]): Swagger {
  let merged = base;
  for (const { group, version, v2 } of remotes) {
    if (!isSwagger(v2)) continue;
    const prefix = group === "" ? `/api/${version}/` : `/apis/${group}/${version}/`;
    merged = mergeOne(merged, v2, prefix);
  }
  return merged;
}

function mergeOne(base: Swagger, remote: Swagger, prefix: string): Swagger {
  const paths = Object.fromEntries(
    Object.entries(remote.paths).filter(([path]) =>
      `${path}/`.startsWith(prefix) && !(path in base.paths)
    ),
  );
  const used = referredTo(paths, remote.definitions);
  const definitions: Values = { ...base.definitions };
  const renamed = new Map<string, string>();
  for (const [name, definition] of Object.entries(used)) {
    const known = definitions[name];
    if (known === undefined) definitions[name] = definition;
    else if (isSameType(known, definition)) definitions[name] = withKindsOf(known, definition);
    else renamed.set(name, freeName(name, definitions));
  }
  for (const [name, other] of renamed) definitions[other] = rename(used[name], renamed);
  for (const name of Object.keys(used)) {
    // What came from the remote server alone may refer to what was renamed.
    if (!(name in base.definitions)) definitions[name] = rename(definitions[name], renamed);
  }
  return { paths: { ...base.paths, ...rename(paths, renamed) as Values }, definitions };
}

function isSwagger(value: unknown): value is Swagger {
  const { paths, definitions } = (value ?? {}) as Partial<Swagger>;
  return typeof paths === "object" && paths !== null && typeof definitions === "object" &&
    definitions !== null;
}

/** The definitions that `parts` refer to, and those that these refer to. */
function referredTo(parts: unknown, known: Readonly<Values>): Values {
  const found: Values = {};
  const texts = [JSON.stringify(parts)];
  for (let text = texts.pop(); text !== undefined; text = texts.pop()) {
    for (const [, name = ""] of text.matchAll(referencePattern)) {
      const definition = known[name];
      if (definition === undefined || name in found) continue;
      found[name] = definition;
      texts.push(JSON.stringify(definition));
    }
  }
  return found;
}

/** Neither which kinds a type stands for nor what is said about it makes it another type. */
function isSameType(a: unknown, b: unknown): boolean {
  return sameJson(essence(a), essence(b));
}

function essence(definition: unknown): unknown {
  const { [kindsExtension]: _kinds, ...rest } = definition as Values;
  // A member that is called `description` is a schema, not a text.
  return JSON.parse(
    JSON.stringify(rest),
    (key, value) => key === "description" && typeof value === "string" ? undefined : value,
  );
}

function withKindsOf(known: unknown, other: unknown): unknown {
  const kinds = (definition: unknown) =>
    ((definition as Values)[kindsExtension] ?? []) as readonly unknown[];
  const more = kinds(other).filter((kind) => !kinds(known).some((one) => sameJson(one, kind)));
  if (more.length === 0) return known;
  return { ...known as Values, [kindsExtension]: [...kinds(known), ...more] };
}

function freeName(name: string, taken: Readonly<Values>): string {
  for (let i = 2;; i++) {
    const other = `${name}_v${i}`;
    if (!(other in taken)) return other;
  }
}

function rename(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (renamed.size === 0) return value;
  const text = JSON.stringify(value).replace(
    referencePattern,
    (whole, name: string) => whole.replace(name, renamed.get(name) ?? name),
  );
  return JSON.parse(text);
}
