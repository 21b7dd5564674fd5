import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync } from "node:zlib";
import { apiVersionOf, type KindDefinition } from "../../../shared/api/kind.ts";
import { accepts, parseAccept } from "../../../shared/codec/media_type.ts";
import type { ApiRegistry } from "../resource_request.ts";
import { isBuiltIn } from "../respond.ts";
import { customDocument, customParts } from "./custom_document.ts";

interface Documents {
  readonly v2: string;
  readonly v3: Readonly<Record<string, string>>;
}

const prefix = "/openapi/v3";
const cacheControl = "no-cache, private";
/** Where the published documents have the types that custom resources refer to. */
const referred = ["apis/apiextensions.k8s.io/v1", "apis/autoscaling/v1"];

interface Asked {
  readonly accept: string | undefined;
  readonly query: URLSearchParams;
  /** The client's If-None-Match. */
  readonly etag: string | undefined;
}

/**
 * Publishes OpenAPI: the documents of the built-in API as they are, with the custom kinds that the registry has now.
 * Documents are packed, and unpacked when asked for: they are megabytes, and clients cache them by ETag.
 */
export class OpenApi {
  readonly #registry: ApiRegistry;
  #generation = -1;
  #documents: Promise<Documents> | undefined;

  constructor(registry: ApiRegistry) {
    this.#registry = registry;
  }

  /** The document at `path`; undefined for other paths. */
  async respond(path: string, asked: Asked): Promise<Response | undefined> {
    const { accept, etag } = asked;
    if (path === "/openapi/v2") return document((await this.#current()).v2, accept, etag);
    if (path !== prefix && !path.startsWith(`${prefix}/`)) return undefined;
    const { v3 } = await this.#current();
    const name = path.slice(prefix.length + 1).replace(/\/$/, "");
    return name === "" ? index(v3) : named(v3[name], path, asked);
  }

  /** Made anew when kinds have come or gone since. */
  #current(): Promise<Documents> {
    const { generation } = this.#registry;
    if (!this.#documents || this.#generation !== generation) {
      this.#generation = generation;
      this.#documents = this.#make();
    }
    return this.#documents;
  }

  async #make(): Promise<Documents> {
    const published = await import("./data/documents.gen.ts") as Documents;
    const kinds = [...this.#registry.all()].map(({ kind }) => kind).filter((kind) =>
      !isBuiltIn(kind)
    );
    if (kinds.length === 0) return published;
    const known = Object.assign({}, ...referred.map((name) => schemasOf(published.v3[name]!)));
    known[deleteOptions] = { ...known[deleteOptions], ...optionsExtension(published.v2) };
    const v3 = { ...published.v3 };
    const groups = Object.groupBy(kinds, (kind) => `apis/${apiVersionOf(kind)}`);
    for (const [name, group] of Object.entries(groups)) {
      v3[name] = pack(customDocument(group!, known));
    }
    return { v2: withCustom(published.v2, kinds), v3 };
  }
}

function schemasOf(packed: string): Record<string, unknown> {
  return (unpack(packed) as { components: { schemas: Record<string, unknown> } }).components
    .schemas;
}

const deleteOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
const kindsExtension = "x-kubernetes-group-version-kind";
/** Groups that the reference's extension server does not know from the others. */
const unknownGroups: ReadonlySet<string> = new Set([
  "admission.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "imagepolicy.k8s.io",
]);

/** Options are of every group; documents of built-in groups name only their own. */
function optionsExtension(packed: string): Record<string, unknown> {
  const { definitions } = unpack(packed) as Swagger;
  const kinds = (definitions[deleteOptions] as Record<string, readonly { group: string }[]>)[
    kindsExtension
  ]!;
  return { [kindsExtension]: kinds.filter(({ group }) => !unknownGroups.has(group)) };
}

interface Swagger {
  readonly paths: Record<string, unknown>;
  readonly definitions: Record<string, unknown>;
}

/** The version 2 document is one for all groups. */
function withCustom(packed: string, kinds: readonly KindDefinition[]): string {
  const { paths, definitions, ...rest } = unpack(packed) as Swagger;
  const custom = customParts(kinds, "v2");
  return pack({
    ...rest,
    paths: { ...custom.paths, ...paths },
    definitions: { ...custom.schemas, ...definitions },
  });
}

function unpack(packed: string): unknown {
  return JSON.parse(new TextDecoder().decode(gunzipSync(Buffer.from(packed, "base64"))));
}

function pack(document: unknown): string {
  return gzipSync(JSON.stringify(document)).toString("base64");
}

function named(
  packed: string | undefined,
  path: string,
  { accept, query, etag }: Asked,
): Response {
  if (packed === undefined) {
    return new Response(null, { status: 404, headers: { "cache-control": cacheControl } });
  }
  const hash = query.get("hash");
  const tag = hashOf(packed);
  if (hash !== null && hash !== tag) {
    return new Response(null, {
      status: 301,
      headers: {
        "location": `${path}?hash=${tag}`,
        "cache-control": cacheControl,
        "content-type": "application/json",
      },
    });
  }
  return document(packed, accept, etag, hash !== null);
}

function index(v3: Documents["v3"]): Response {
  const paths = Object.fromEntries(
    Object.keys(v3).map((
      name,
    ) => [name, { serverRelativeURL: `${prefix}/${name}?hash=${hashOf(v3[name]!)}` }]),
  );
  return Response.json({ paths }, { headers: { "cache-control": cacheControl } });
}

function document(
  packed: string,
  accept: string | undefined,
  etag: string | undefined,
  immutable = false,
): Response {
  if (!takesJson(accept)) return new Response(null, { status: 406 });
  const tag = `"${hashOf(packed)}"`;
  const headers = {
    "etag": tag,
    "vary": "Accept",
    "cache-control": immutable ? "public, immutable" : cacheControl,
  };
  if (etag === tag) return new Response(null, { status: 304, headers });
  const bytes = gunzipSync(Buffer.from(packed, "base64"));
  return new Response(new Uint8Array(bytes), {
    headers: { ...headers, "content-type": "application/json" },
  });
}

/** JSON is the only form that is offered; clients that want the protobuf form fall back to it on a 406. */
function takesJson(accept: string | undefined): boolean {
  if (!accept) return true;
  return parseAccept(accept).some((clause) => accepts(clause, "application/json"));
}

function hashOf(packed: string): string {
  return createHash("sha512").update(packed).digest("hex").toUpperCase();
}
