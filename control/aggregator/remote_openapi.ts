import { parseJson } from "../../shared/codec/json.ts";
import type { RemoteApi } from "./remote_api.ts";
import { RemoteFeed, type RemoteFeedOptions } from "./remote_feed.ts";

/** What one remote group and version publishes of itself. */
export interface RemoteOpenApi {
  readonly group: string;
  readonly version: string;
  /** The server's version 2 document, of whatever groups it has. */
  readonly v2: unknown;
  /** The version 3 document; undefined: the server has none. */
  readonly v3: unknown;
}

/** A document as its server gave it. */
interface Document {
  readonly etag: string | undefined;
  /** Undefined: the server has none. */
  readonly value: unknown;
}

const timeoutMs = 30_000;

/** Follows the OpenAPI documents of remote APIs. */
export class OpenApiFeed extends RemoteFeed<readonly [v2: Document, v3: Document]> {
  constructor(options: Pick<RemoteFeedOptions<unknown>, "clock" | "log">) {
    super({
      ...options,
      what: "OpenAPI",
      ask: async (api, known) =>
        await Promise.all([
          askDocument(api, "/openapi/v2", known?.[0]),
          askDocument(api, `/openapi/v3${api.path}`, known?.[1]),
        ]),
    });
  }

  /** What is known now. */
  documents(): readonly RemoteOpenApi[] {
    return this.all().flatMap(({ api: { group, version }, value }) =>
      value ? [{ group, version, v2: value[0].value, v3: value[1].value }] : []
    );
  }
}

async function askDocument(
  api: RemoteApi,
  path: string,
  known: Document | undefined,
): Promise<Document> {
  const asked = { path, accept: "application/json", etag: known?.etag, timeoutMs };
  const { code, headers, body } = await api.ask(asked);
  if (code === 304 && known) return known;
  return { etag: headers.etag, value: code === 200 ? parseJson(body).value : undefined };
}
