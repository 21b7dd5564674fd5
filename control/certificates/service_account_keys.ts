import { createHash, createPublicKey } from "node:crypto";
import type { Log } from "../../shared/log/log.ts";
import type { FileStore } from "./file_store.ts";

const FILE = "service-account-keys.json";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const ROTATE_AFTER_MS = 365 * 24 * 3600_000;
/** Old public keys that are kept, so that tokens signed long ago go on being valid: one a year. */
const MAX_KEYS = 32;

/** One key as it is kept. Only the newest has its private half. */
interface StoredKey {
  readonly kid: string;
  /** Wall-clock milliseconds. */
  readonly created: number;
  readonly publicJwk: JsonWebKey;
  readonly privateJwk?: JsonWebKey;
}

export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

/**
 * The keys of service account tokens: ES256, one that signs and all those that may have signed. The key id is
 * the base64url SHA-256 of the public key's DER, as the reference's.
 */
export class ServiceAccountKeys {
  #keys: readonly StoredKey[] = [];
  readonly #verifiers = new Map<string, CryptoKey>();
  #signer: SigningKey | undefined;
  readonly #store: FileStore;
  readonly #log: Log;

  private constructor(store: FileStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Reads the keys, or makes the first one. Throws if the file is damaged: it is never replaced in silence. */
  static async open(store: FileStore, now: number, log: Log): Promise<ServiceAccountKeys> {
    const keys = new ServiceAccountKeys(store, log);
    const text = await store.read(FILE);
    if (text === undefined) await keys.rotate(now);
    else await keys.#use(parseKeys(text));
    return keys;
  }

  /** What new tokens are signed with. */
  get signer(): SigningKey {
    return this.#signer!;
  }

  /** The public key with this id; undefined if it was never ours or is too old. */
  verifier(kid: string): CryptoKey | undefined {
    return this.#verifiers.get(kid);
  }

  /** The JSON Web Key Set that is served at `/openid/v1/jwks`, newest first. */
  get publicKeySet(): { readonly keys: readonly JsonWebKey[] } {
    return {
      keys: this.#keys.map(({ kid, publicJwk: { kty, crv, x, y } }) => (
        { use: "sig", kty, kid, crv, alg: "ES256", x, y } as JsonWebKey
      )),
    };
  }

  /** When the signing key should be replaced, wall-clock milliseconds. */
  get rotateAt(): number {
    return this.#keys[0]!.created + ROTATE_AFTER_MS;
  }

  /** Makes a new signing key. The one before it keeps verifying; its private half is forgotten. */
  async rotate(now: number): Promise<void> {
    const fresh = await makeKey(now);
    const old = this.#keys.map(({ kid, created, publicJwk }) => ({ kid, created, publicJwk }));
    const keys = [fresh, ...old].slice(0, MAX_KEYS);
    await this.#store.write(FILE, JSON.stringify({ keys }) + "\n");
    await this.#use(keys);
    this.#log.info("Service account signing key made", { kid: fresh.kid });
  }

  async #use(keys: readonly StoredKey[]): Promise<void> {
    const [newest] = keys;
    if (!newest?.privateJwk) {
      throw new Error(`Cannot use ${FILE}: it has no private key`);
    }
    this.#verifiers.clear();
    for (const { kid, publicJwk } of keys) {
      this.#verifiers.set(
        kid,
        await crypto.subtle.importKey("jwk", publicJwk, ALGORITHM, true, ["verify"]),
      );
    }
    const key = await crypto.subtle.importKey("jwk", newest.privateJwk, ALGORITHM, false, ["sign"]);
    this.#signer = { kid: newest.kid, key };
    this.#keys = keys;
  }
}

async function makeKey(now: number): Promise<StoredKey> {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const publicJwk = bare(await crypto.subtle.exportKey("jwk", pair.publicKey));
  const privateJwk = bare(await crypto.subtle.exportKey("jwk", pair.privateKey));
  return { kid: keyId(publicJwk), created: now, publicJwk, privateJwk };
}

/** Without `key_ops` and `ext`, which would limit what the key may be imported for. */
function bare({ kty, crv, x, y, d }: JsonWebKey): JsonWebKey {
  return { kty: kty!, crv: crv!, x: x!, y: y!, ...(d !== undefined && { d }) };
}

function keyId(publicJwk: JsonWebKey): string {
  const key = createPublicKey({ key: { ...publicJwk }, format: "jwk" });
  const der = key.export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("base64url");
}

function parseKeys(text: string): readonly StoredKey[] {
  try {
    const { keys } = JSON.parse(text) as { keys: StoredKey[] };
    if (!Array.isArray(keys) || keys.length === 0) throw new Error("it has no keys");
    return keys;
  } catch (error) {
    throw new Error(`Cannot use ${FILE}: ${(error as Error).message}`, { cause: error });
  }
}
