import { DatabaseSync } from "node:sqlite";
import { StoreFault } from "./open_error.ts";

/** The tables of Deno KV; a file with others is somebody else's. */
const tables: readonly string[] = [
  "data_version",
  "kv",
  "migration_state",
  "queue",
  "queue_running",
];

/**
 * Makes the file of a new store, so that Deno KV finds a database whose free pages can be given back. Harmless to a
 * file that is one already.
 */
export function createDatabase(file: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
  } finally {
    database.close();
  }
}

/** Makes the file of a store of an older format one that `createDatabase` could have made; writes it anew if need be. */
export function remakeDatabase(file: string): void {
  const database = new DatabaseSync(file);
  try {
    if (database.prepare("PRAGMA auto_vacuum").get()?.auto_vacuum === 0) {
      database.exec("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
    }
  } finally {
    database.close();
  }
}

/**
 * Judges a file before Deno KV opens it, without changing it: that it is a database of Deno KV, that its pages belong
 * together, and each to one thing only. Reads all of it. Throws a `StoreFault`, or SQLite's error. What the pages hold
 * is checked when the log is read.
 */
export function checkDatabase(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
      .map(({ name }) => String(name));
    if (names.some((name) => !tables.includes(name))) {
      throw new StoreFault("Format", `${file} is a database of another program`);
    }
    const [verdict] = database.prepare("PRAGMA quick_check(1)").all();
    const text = String(Object.values(verdict ?? {})[0])
      .replace("*** in database main ***", "").replaceAll(/\s+/g, " ").trim();
    if (text !== "ok") throw new StoreFault("Corrupt", `the file is damaged (${text})`);
  } finally {
    database.close();
  }
}
