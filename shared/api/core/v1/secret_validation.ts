import { type FieldError, forbidden, invalid, required } from "../../../meta/field_error.ts";
import { checkJson } from "../../../codec/json_syntax.ts";
import { isConfigMapKey } from "../../../meta/names.ts";
import { immutable } from "../../validation.ts";
import { validateDataChange, validateDataSize } from "./data_validation.ts";
import { keyPairProblem } from "./key_pair.ts";
import type { Secret } from "./types.gen.ts";

const ACCOUNT_ANNOTATION = "kubernetes.io/service-account.name";
const REDACTED = "<secret contents redacted>";
/** The key that a secret of a type must have, with JSON in it. */
const jsonKeys: Readonly<Record<string, string>> = {
  "kubernetes.io/dockercfg": ".dockercfg",
  "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
};

export function validateSecret(obj: Secret): readonly FieldError[] {
  const data = obj.data ?? {};
  const errors: FieldError[] = [];
  for (const key of Object.keys(data).sort()) {
    for (const message of isConfigMapKey(key)) errors.push(invalid(`data[${key}]`, key, message));
  }
  errors.push(...validateDataSize("data", {}, data));
  return [...errors, ...validateType(obj, data)];
}

export function validateSecretUpdate(obj: Secret, old: Secret): readonly FieldError[] {
  const errors = [...immutable(obj.type === old.type, obj.type, "type")];
  if (!old.immutable) return errors;
  if (!obj.immutable) {
    errors.push(forbidden("immutable", "field is immutable when `immutable` is set"));
  }
  return [...errors, ...validateDataChange("data", obj.data, old.data)];
}

/** A key and a certificate that do not make a pair are stored, but hardly meant. */
export function secretWarnings(obj: Secret): readonly string[] {
  if (obj.type !== "kubernetes.io/tls") return [];
  const text = (key: string) => new TextDecoder().decode(bytesOf(obj.data?.[key] ?? ""));
  const problem = keyPairProblem(text("tls.crt"), text("tls.key"));
  return problem === undefined ? [] : [problem];
}

function validateType(obj: Secret, data: Readonly<Record<string, string>>): readonly FieldError[] {
  const missing = (...keys: string[]) =>
    keys.filter((key) => data[key] === undefined).map((key) => required(`data[${key}]`));
  const type = obj.type ?? "";
  switch (type) {
    case "kubernetes.io/service-account-token":
      return obj.metadata.annotations?.[ACCOUNT_ANNOTATION]
        ? []
        : [required(`metadata.annotations[${ACCOUNT_ANNOTATION}]`)];
    case "kubernetes.io/basic-auth":
      return data.username === undefined && data.password === undefined
        ? missing("username", "password")
        : [];
    case "kubernetes.io/ssh-auth":
      return data["ssh-privatekey"] ? [] : [required("data[ssh-privatekey]")];
    case "kubernetes.io/tls":
      return missing("tls.crt", "tls.key");
  }
  const key = jsonKeys[type];
  if (key === undefined) return [];
  if (data[key] === undefined) return missing(key);
  const problem = checkJson(bytesOf(data[key]));
  return problem === undefined ? [] : [invalid(`data[${key}]`, REDACTED, problem)];
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.fromBase64(base64);
}
