import { StorageError, type Stored, type Write } from "./storage.ts";

/** Why `write` must not happen when its key holds `current`; undefined if it may. Every implementation judges by this. */
export function refusal(write: Write, current: Stored | undefined): StorageError | undefined {
  const { key, expected } = write;
  if (expected === 0) {
    return current && new StorageError("KeyExists", key, { current });
  }
  if (!current) {
    return expected !== undefined || write.type === "delete"
      ? new StorageError("KeyNotFound", key)
      : undefined;
  }
  return expected !== undefined && expected !== current.revision
    ? new StorageError("Conflict", key, { current })
    : undefined;
}
