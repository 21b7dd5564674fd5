import { loadAuthority } from "../certificates/authority.ts";
import { isPair } from "../certificates/authority.ts";
import { memoryFileStore } from "../certificates/file_store.ts";
import { ServiceAccountKeys } from "../certificates/service_account_keys.ts";
import { silentLog } from "../../shared/log/log.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { decodeStored } from "../registry/stored_object.ts";
import type { Stored } from "../storage/storage.ts";
import { BackupError } from "./backup_error.ts";
import { type BackupRecord, decodeRecords, type Manifest } from "./records.ts";
import { backedUpFiles } from "./snapshot.ts";

/**
 * The records of a backup's content, each checked before it is given: the order, that objects are what their keys and
 * revisions say, and at the end that nothing is missing and that the keys of the cluster's trust can be used. Throws
 * `BackupError`: then what was given so far is not to be used either.
 */
export async function* checkedRecords(
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<BackupRecord> {
  const check = new ContentCheck();
  for await (const record of decodeRecords(content)) {
    check.take(record);
    yield record;
  }
  await check.finish();
}

class ContentCheck {
  readonly #files = new Map<string, string>();
  readonly #keys = new Set<string>();
  #manifest: Manifest | undefined;
  #revision = 0;

  take(record: BackupRecord): void {
    if (record.type === "manifest") return this.#takeManifest(record.manifest);
    if (!this.#manifest) throw wrong("it does not begin with what it is of");
    if (record.type === "object") return this.#takeObject(record.object, this.#manifest);
    const known: readonly string[] = backedUpFiles;
    if (!known.includes(record.name)) throw wrong(`it holds an unknown file "${record.name}"`);
    this.#files.set(record.name, record.text);
  }

  async finish(): Promise<void> {
    if (!this.#manifest) throw wrong("it is empty");
    const { size } = this.#keys;
    const { objects } = this.#manifest;
    if (size !== objects) throw wrong(`it holds ${size} objects of ${objects}`);
    await checkTrust(this.#files);
  }

  #takeManifest(manifest: Manifest): void {
    const { revision, objects, settings } = manifest;
    const good = Number.isSafeInteger(revision) && revision > 0 &&
      Number.isSafeInteger(objects) && typeof settings === "object" && settings !== null;
    if (this.#manifest || !good) throw wrong("what it says of itself makes no sense");
    this.#manifest = manifest;
  }

  #takeObject(stored: Stored, manifest: Manifest): void {
    const { key, revision } = stored;
    if (revision <= this.#revision || revision > manifest.revision || this.#keys.has(key)) {
      throw wrong(`"${key}" is out of place`);
    }
    if (this.#files.size > 0) throw wrong(`"${key}" comes after the files`);
    checkObject(stored);
    this.#revision = revision;
    this.#keys.add(key);
  }
}

/** The object's own text says what its key and revision say. */
function checkObject({ key, revision, value }: Stored): void {
  let object: KubeObject;
  try {
    object = decodeStored(value);
  } catch (cause) {
    throw wrong(`"${key}" is not JSON`, cause);
  }
  const { kind, apiVersion = "", metadata } = object ?? {};
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "core" : apiVersion.slice(0, slash);
  const place = metadata?.namespace ? `${metadata.namespace}/${metadata.name}` : metadata?.name;
  const [, root, keyGroup, plural, ...rest] = key.split("/");
  const fits = typeof kind === "string" && root === "registry" && keyGroup === group &&
    plural !== "" && rest.join("/") === place &&
    metadata.resourceVersion === String(revision);
  if (!fits) throw wrong(`"${key}" does not hold what it should`);
}

async function checkTrust(files: ReadonlyMap<string, string>): Promise<void> {
  const certificate = files.get("ca.crt");
  const key = files.get("ca.key");
  const accounts = files.get("service-account-keys.json");
  if (certificate === undefined || key === undefined || accounts === undefined) {
    throw wrong("it lacks the keys of the cluster");
  }
  try {
    await loadAuthority({ certificate, key });
    if (!isPair({ certificate, key })) throw new Error("the authority's key is another's");
    await ServiceAccountKeys.open(memoryFileStore(new Map(files)), 0, silentLog);
  } catch (cause) {
    throw wrong("the keys of the cluster cannot be used", cause);
  }
}

function wrong(what: string, cause?: unknown): BackupError {
  return new BackupError("Damaged", `it is damaged: ${what}`, { cause });
}
