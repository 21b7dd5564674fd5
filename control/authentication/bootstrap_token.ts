import { timingSafeEqual } from "node:crypto";
import type { Secret } from "../../shared/api/core/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { AdmissionReader } from "../admission/plugin.ts";
import type { TokenAuthenticator } from "./bearer_token.ts";

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const DEFAULT_GROUP = "system:bootstrappers";

/**
 * Accepts tokens that let a machine join: `<id>.<secret>`, kept as secret `bootstrap-token-<id>` in `kube-system`.
 * Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/.
 */
export function bootstrapTokenAuthenticator(
  reader: Pick<AdmissionReader, "get">,
  clock: Clock,
): TokenAuthenticator {
  return {
    name: "bootstrap",
    authenticateToken(token, audiences) {
      const [, id, secret] = TOKEN.exec(token) ?? [];
      if (id === undefined || secret === undefined) return Promise.resolve(undefined);
      const kept = reader.get<Secret>("", "secrets", "kube-system", `bootstrap-token-${id}`);
      const groups = kept && groupsOf(kept, { id, secret }, clock.now());
      if (!groups) return Promise.resolve(undefined);
      return Promise.resolve({ user: { name: `system:bootstrap:${id}`, groups }, audiences });
    },
  };
}

/** The groups that the token gives; undefined if the secret does not accept it. */
function groupsOf(
  kept: Secret,
  given: { readonly id: string; readonly secret: string },
  now: number,
): readonly string[] | undefined {
  if (kept.type !== "bootstrap.kubernetes.io/token" || kept.metadata.deletionTimestamp) {
    return undefined;
  }
  const value = (key: string) => atob(kept.data?.[key] ?? "");
  if (value("token-id") !== given.id || !same(value("token-secret"), given.secret)) {
    return undefined;
  }
  if (isExpired(value("expiration"), now)) return undefined;
  if (value("usage-bootstrap-authentication") !== "true") return undefined;
  const extra = value("auth-extra-groups").split(",").filter((group) => group !== "");
  if (!extra.every((group) => GROUP.test(group))) return undefined;
  return [...new Set([...extra, DEFAULT_GROUP])].sort();
}

/** A date that cannot be read counts as past: better a token too few. */
function isExpired(text: string, now: number): boolean {
  if (text === "") return false;
  const at = Date.parse(text);
  return Number.isNaN(at) || at <= now;
}

function same(left: string, right: string): boolean {
  const a = new TextEncoder().encode(left);
  const b = new TextEncoder().encode(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
