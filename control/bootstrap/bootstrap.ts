import type { KubeObject } from "../../shared/api/kind.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";
import { type Installation, installationObjects } from "./installation_objects.ts";
import { repairOf } from "./reconcile.ts";
import { standardObjects } from "./standard_objects.ts";

/**
 * Writes as the server itself: without admission and authorization, and keeping `status`. Rejects with
 * `StatusError` for what the registry refuses.
 */
export interface BootstrapWriter {
  find(object: KubeObject): Promise<KubeObject | undefined>;
  create(object: KubeObject): Promise<void>;
  /** Replaces; the object's resourceVersion is the precondition. */
  update(object: KubeObject): Promise<void>;
  delete(object: KubeObject): Promise<void>;
}

/** How often an object is tried again that somebody else changed at the same moment. */
const ATTEMPTS = 3;

/** Everything a server makes sure of when it starts. */
export function bootstrapObjects(installation: Installation): readonly KubeObject[] {
  return [...standardObjects(installation.now), ...installationObjects(installation)];
}

/**
 * Makes what is missing and repairs what an upgrade needs; called once, before the server says it is ready. An
 * object that cannot be repaired is logged and left: a server that runs is worth more than a default.
 * Returns how many objects were written.
 */
export async function bootstrap(
  objects: readonly KubeObject[],
  writer: BootstrapWriter,
  log: Log,
): Promise<number> {
  // At once, not in turn: nothing checks one against another, and together they are one write to disk.
  const written = await Promise.all(objects.map(async (object) => {
    try {
      return await ensure(object, writer);
    } catch (error) {
      const { kind, metadata: { name } } = object;
      log.error("Standard object could not be made", error, { kind, name });
      return false;
    }
  }));
  return written.filter(Boolean).length;
}

async function ensure(wanted: KubeObject, writer: BootstrapWriter): Promise<boolean> {
  for (let attempt = 1;; attempt++) {
    const repair = repairOf(wanted, await writer.find(wanted));
    try {
      if (repair.action === "none") return false;
      if (repair.action === "update") await writer.update(repair.object);
      else {
        if (repair.action === "replace") await writer.delete(repair.object);
        await writer.create(repair.object);
      }
      return true;
    } catch (error) {
      const raced = isStatus(error, "Conflict") || isStatus(error, "AlreadyExists") ||
        isStatus(error, "NotFound");
      if (!raced || attempt === ATTEMPTS) throw error;
    }
  }
}
