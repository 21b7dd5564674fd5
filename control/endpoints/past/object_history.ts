import type { KindDefinition, KubeObject } from "../../../shared/api/kind.ts";
import { microTimestamp } from "../../../shared/clock/clock.ts";
import { notFoundError } from "../../registry/errors.ts";
import { keyOf } from "../../registry/stored_object.ts";
import type { ResourceStore } from "../../registry/resource_store.ts";
import type { Revision, Stored } from "../../storage/storage.ts";
import { isTrue } from "../request_info.ts";
import { negotiate } from "../negotiation.ts";
import type { ResourceRequest } from "../resource_request.ts";
import { respondWith } from "../respond.ts";
import type { Past } from "./past.ts";

/** One state of an object, as it was from `revision` on. */
export interface HistoryItem {
  /** KEPT: what there was before the oldest change that is kept. DELETED: the last state there was. */
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "KEPT";
  readonly revision: string;
  /** A `metav1.MicroTime`; absent if it is not known. */
  readonly time?: string;
  readonly object: KubeObject;
}

/**
 * Answers a GET of one object with `history=true`: what became of everything that ever had its name, as far as the log
 * reaches. An extension of this server's; the reference ignores the parameter.
 */
export interface HistoryAnswer {
  readonly kind: "ObjectHistory";
  readonly apiVersion: "coracle.dev/v1";
  readonly metadata: Record<string, never>;
  /** Oldest first; the newest 100, or fewer if they are large. */
  readonly items: readonly HistoryItem[];
}

/** Bounds an answer and what it takes to make it. */
const limits = { changes: 100, bytes: 8 * 1024 * 1024 };

/** Whether a GET of one object asks for its history. */
export function asksForHistory({ query, info }: ResourceRequest): boolean {
  return isTrue(query.get("history")) && info.subresource === "";
}

/** The history of an object, for whoever may get it now. Throws NotFound if nothing is known of that name. */
export async function objectHistory(
  request: ResourceRequest,
  store: ResourceStore,
  { past, view }: {
    readonly past: Past;
    /** A stored object in the version asked for. */
    readonly view: (kind: KindDefinition, value: Uint8Array) => KubeObject;
  },
): Promise<Response> {
  const { info, resource: { kind } } = request;
  const negotiated = negotiate(request.header("accept"), request.query, { only: ["json", "yaml"] });
  const key = keyOf(store.kind, info.namespace, info.name);
  const { before, changes } = await past.history(key, limits);
  if (!before && changes.length === 0) throw notFoundError(kind, info.name);
  const item = (
    type: HistoryItem["type"],
    { revision, value }: Pick<Stored, "revision" | "value">,
  ) => ({
    type,
    revision: String(revision),
    ...timeOf(past, revision),
    object: view(kind, value),
  });
  const items = [
    ...(before ? [item("KEPT", before)] : []),
    ...changes.map((change) => {
      const type = change.previous ? "MODIFIED" : "ADDED";
      return item(change.type === "delete" ? "DELETED" : type, change);
    }),
  ];
  const answer = {
    kind: "ObjectHistory",
    apiVersion: "coracle.dev/v1",
    metadata: {},
    items,
  } as const;
  return respondWith({ ...negotiated, as: "" }, answer satisfies HistoryAnswer);
}

function timeOf(past: Past, revision: Revision): { readonly time?: string } {
  const time = past.timeOf(revision);
  return time === undefined ? {} : { time: microTimestamp(time) };
}
