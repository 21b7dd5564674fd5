import { encryptedPrefix, isEncrypted, type ValueCodec, ValueError } from "../value_codec.ts";
import { type EncryptionRule, splitResource } from "./encryption_configuration.ts";
import { identity, type Transformer } from "./transformer.ts";

/**
 * Encrypts the values of the resources that a configuration names. The first rule that names a resource is its rule; its
 * first transformer writes, and whichever made a value reads it.
 */
export function encryptingCodec(rules: readonly EncryptionRule[]): ValueCodec {
  const byPrefix = new Map<string, readonly Transformer[]>();
  const of = (key: string) => {
    const prefix = resourceOf(key);
    let found = byPrefix.get(prefix);
    if (!found) byPrefix.set(prefix, found = transformersOf(rules, prefix));
    return found;
  };
  return {
    encode: (key, value) => value.length === 0 ? value : of(key)[0]!.encrypt(value, key),
    decode(key, stored) {
      if (stored.length === 0 || !isEncrypted(stored)) return plain(of(key), key, stored);
      const maker = of(key).find((one) => madeBy(one, stored));
      if (!maker) {
        throw new ValueError(`no configured key fits "${key}", written with ${nameOf(stored)}`);
      }
      try {
        return maker.decrypt(stored.subarray(maker.prefix.length), key);
      } catch (cause) {
        throw new ValueError(`"${key}" cannot be decrypted with ${nameOf(stored)}`, { cause });
      }
    },
    isOutdated(key, stored) {
      const [first] = of(key);
      if (stored.length === 0) return false;
      return first === identity ? isEncrypted(stored) : !madeBy(first!, stored);
    },
    storedSize: (key, size) => size + of(key)[0]!.overhead,
  };
}

/** A value that is not encrypted counts only where the configuration says that there may be some. */
function plain(transformers: readonly Transformer[], key: string, stored: Uint8Array): Uint8Array {
  if (stored.length === 0 || transformers.includes(identity)) return stored;
  throw new ValueError(
    `"${key}" is not encrypted; add the provider "identity" as the last one until everything is`,
  );
}

function madeBy({ prefix }: Transformer, stored: Uint8Array): boolean {
  return prefix.length > 0 && prefix.every((byte, i) => stored[i] === byte);
}

/** `aesgcm key "key1"` of a value's beginning. */
function nameOf(stored: Uint8Array): string {
  const head = new TextDecoder().decode(stored.subarray(encryptedPrefix.length, 200));
  const [provider = "", , name = ""] = head.split(":");
  return `${provider} key ${JSON.stringify(name.slice(0, 64))}`;
}

/** `/registry/<group>/<plural>/` of a key. */
function resourceOf(key: string): string {
  const group = key.indexOf("/", "/registry/".length);
  const plural = key.indexOf("/", group + 1);
  return key.slice(0, plural + 1);
}

function transformersOf(rules: readonly EncryptionRule[], prefix: string): readonly Transformer[] {
  const [, , group = "", plural = ""] = prefix.split("/");
  const rule = rules.find(({ resources }) =>
    resources.some((name) => {
      const [wanted, wantedGroup] = splitResource(name);
      const groupFits = wantedGroup === "*" || (wantedGroup || "core") === group;
      return groupFits && (wanted === "*" || wanted === plural);
    })
  );
  return rule?.transformers ?? [identity];
}
