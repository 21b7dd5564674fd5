import { isDeepStrictEqual } from "node:util";
import type { ControllerRevision } from "../../../shared/api/apps/v1/types.gen.ts";
import type { PodTemplateSpec } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Client } from "../../../shared/client/client.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import type { OwnWrites } from "../../../shared/informer/own_writes.ts";
import { controllerReferenceTo } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import { templateHash } from "../pods/template_hash.ts";

/** On pods and revisions: which template they are of. */
export const REVISION_HASH = "controller-revision-hash";

export interface HistoryOptions {
  readonly client: Client;
  readonly writes: OwnWrites<ControllerRevision>;
  readonly collisionCount: number | undefined;
}

/** Thrown when another object has the revision's name; the owner's `collisionCount` must grow. */
export class RevisionCollision extends Error {
  override readonly name = "RevisionCollision";
}

/**
 * The revision of the owner's template, with the highest number; made if there is none. `known` are the owner's
 * revisions. What it holds is the strategic merge patch that `kubectl rollout undo` sends back.
 */
export async function currentRevision(
  owner: KubeObject & { spec: { template: PodTemplateSpec } },
  known: readonly ControllerRevision[],
  options: HistoryOptions,
): Promise<ControllerRevision> {
  const { client, writes } = options;
  const data = { spec: { template: { ...owner.spec.template, $patch: "replace" } } };
  const highest = known.reduce((most, { revision = 0 }) => Math.max(most, revision), 0);
  const same = known.filter((revision) => isDeepStrictEqual(revision.data, data)).sort(byRevision)
    .at(-1);
  if (same?.revision === highest) return same;
  if (same) {
    const bumped = { ...same, revision: highest + 1 };
    const written = await client.update(resources.controllerrevisions, bumped);
    writes.wrote(written);
    return written;
  }
  const hash = templateHash(owner.spec.template, options.collisionCount);
  const { namespace, name } = owner.metadata;
  const revision: ControllerRevision = {
    kind: "ControllerRevision",
    apiVersion: "apps/v1",
    metadata: {
      namespace,
      name: `${name}-${hash}`,
      labels: { ...owner.spec.template.metadata?.labels, [REVISION_HASH]: hash },
      ownerReferences: [controllerReferenceTo(owner)],
    },
    data,
    revision: highest + 1,
  };
  try {
    const created = await client.create(resources.controllerrevisions, revision);
    writes.wrote(created);
    return created;
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
    throw new RevisionCollision(`Cannot create revision: the name is taken`, { cause: error });
  }
}

/** Deletes the oldest revisions beyond `limit`, those in `live` (names) aside. */
export async function truncateHistory(
  revisions: readonly ControllerRevision[],
  limit: number,
  { client, writes, live }: Pick<HistoryOptions, "client" | "writes"> & {
    readonly live: ReadonlySet<string>;
  },
): Promise<void> {
  const spare = revisions.filter(({ metadata }) => !live.has(metadata.name!)).sort(byRevision);
  for (const revision of spare.slice(0, Math.max(0, spare.length - limit))) {
    const { namespace, name = "" } = revision.metadata;
    await client.delete(resources.controllerrevisions, { namespace, name }).catch((error) => {
      if (!isStatus(error, "NotFound")) throw error;
    });
    writes.deleted(revision);
  }
}

function byRevision(a: ControllerRevision, b: ControllerRevision): number {
  return (a.revision ?? 0) - (b.revision ?? 0);
}
