import type { KindDefinition } from "../kind.ts";
import { storageVersionMigration } from "./v1/storage_version_migration.ts";

/** The kinds of the group, for the table of all kinds. */
export const storagemigrationKinds: readonly KindDefinition[] = [storageVersionMigration];
