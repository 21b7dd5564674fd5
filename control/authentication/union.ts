import { StatusError } from "../../shared/meta/status_error.ts";
import {
  anonymous,
  type AuthenticationRequest,
  type Authenticator,
  type UserInfo,
} from "../server/request_context.ts";

import type { AnonymousConfig } from "./jwt/jwt_configuration.ts";

const AUTHENTICATED = "system:authenticated";

/**
 * Asks each in turn; the first that knows the caller wins and the caller joins `system:authenticated`. Who brings
 * no credentials is anonymous, where that is let in; who brings bad ones, and no good ones, is refused.
 */
export function unionAuthenticator(
  all: readonly Authenticator[],
  anonymousAccess: AnonymousConfig = { enabled: true },
): Authenticator {
  const { enabled = false, conditions = [] } = anonymousAccess;
  const paths = new Set(conditions.map(({ path }) => path));
  return {
    name: "union",
    async authenticate(request) {
      const user = await first(all, request);
      if (user) return withAuthenticated(user);
      const letIn = enabled && (paths.size === 0 || paths.has(request.path));
      if (!letIn) throw new StatusError("Unauthorized", "Unauthorized");
      return anonymous;
    },
  };
}

async function first(
  all: readonly Authenticator[],
  request: AuthenticationRequest,
): Promise<UserInfo | undefined> {
  let refused: StatusError | undefined;
  for (const one of all) {
    try {
      const user = await one.authenticate(request);
      if (user) return user;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      refused ??= error;
    }
  }
  // The reason is for the log: telling it would help who guesses.
  if (refused) throw new StatusError("Unauthorized", "Unauthorized", { cause: refused });
  return undefined;
}

const enriched = new WeakMap<UserInfo, UserInfo>();

/** Adds the group of everybody known; the same value for the same user, so that later caches can go by identity. */
export function withAuthenticated(user: UserInfo): UserInfo {
  if (user.name === anonymous.name || user.groups.includes(AUTHENTICATED)) return user;
  let full = enriched.get(user);
  if (!full) enriched.set(user, full = { ...user, groups: [...user.groups, AUTHENTICATED] });
  return full;
}
