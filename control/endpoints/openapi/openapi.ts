import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import { accepts, parseAccept } from "../../../shared/codec/media_type.ts";

interface Documents {
  readonly v2: string;
  readonly v3: Readonly<Record<string, string>>;
}

/** Each document is unpacked when asked for and not kept: they are megabytes, and clients cache them by ETag. */
async function documents(): Promise<Documents> {
  return await import("./data/documents.gen.ts");
}

const prefix = "/openapi/v3";
const cacheControl = "no-cache, private";

/** The published OpenAPI documents of the built-in API; undefined for other paths. */
export async function openApiResponse(
  path: string,
  { accept, query, etag }: {
    readonly accept: string | undefined;
    readonly query: URLSearchParams;
    /** The client's If-None-Match. */
    readonly etag: string | undefined;
  },
): Promise<Response | undefined> {
  if (path === "/openapi/v2") return document((await documents()).v2, accept, etag);
  if (path !== prefix && !path.startsWith(`${prefix}/`)) return undefined;
  const { v3 } = await documents();
  const name = path.slice(prefix.length + 1).replace(/\/$/, "");
  if (name === "") return index(v3);
  const packed = v3[name];
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
