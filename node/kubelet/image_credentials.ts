import { Buffer } from "node:buffer";
import type { Secret } from "../../shared/api/core/v1/types.gen.ts";
import type { RegistryLogin } from "../runtime/runtime_service.ts";
import { secretData } from "../volumes/payload.ts";

interface AuthEntry {
  readonly username?: string;
  readonly password?: string;
  /** base64 of `username:password`. */
  readonly auth?: string;
}

/** The logins in pull secrets that are meant for the image's registry, most specific first. */
export function registryLogins(image: string, secrets: readonly Secret[]): RegistryLogin[] {
  const matches: { readonly length: number; readonly login: RegistryLogin }[] = [];
  for (const secret of secrets) {
    for (const [key, entry] of Object.entries(authsOf(secret))) {
      const place = normalizeKey(key);
      const login = loginOf(entry);
      if (login && (image === place || image.startsWith(`${place}/`))) {
        matches.push({ length: place.length, login });
      }
    }
  }
  return matches.sort((a, b) => b.length - a.length).map(({ login }) => login);
}

function authsOf(secret: Secret): Record<string, AuthEntry> {
  const data = secretData(secret);
  const text = (key: string) => new TextDecoder().decode(data.get(key));
  try {
    if (data.has(".dockerconfigjson")) {
      return (JSON.parse(text(".dockerconfigjson")) as { auths?: Record<string, AuthEntry> })
        .auths ?? {};
    }
    return data.has(".dockercfg") ? JSON.parse(text(".dockercfg")) : {};
  } catch {
    return {};
  }
}

/** Docker's files name its own registry by an address that images do not. */
function normalizeKey(key: string): string {
  const place = key.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
  return place === "index.docker.io" ? "docker.io" : place;
}

function loginOf({ username, password, auth }: AuthEntry): RegistryLogin | undefined {
  if (username !== undefined && password !== undefined) return { username, password };
  if (!auth) return undefined;
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
