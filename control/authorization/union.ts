import type { Authorizer, Decision, RequestInfo, UserInfo } from "../server/request_context.ts";

/** Members of this group may do everything; no role can take it from them. */
export const PRIVILEGED_GROUP = "system:masters";

/** Allows everything to `system:masters`, so that a broken RBAC configuration can be repaired. */
export function mastersAuthorizer(): Authorizer {
  return {
    name: "AlwaysAllowMasters",
    authorize: (user) => user.groups.includes(PRIVILEGED_GROUP) ? allow : noOpinion,
  };
}

/** Allows everything to everybody. */
export const alwaysAllow: Authorizer = { name: "AlwaysAllow", authorize: () => allow };

/** Has no opinion on anything, so that what nobody else allows is refused. */
export const alwaysDeny: Authorizer = {
  name: "AlwaysDeny",
  authorize: () => ({ decision: "NoOpinion", reason: "Everything is forbidden." }),
};

const allow: Decision = { decision: "Allow" };
const noOpinion: Decision = { decision: "NoOpinion" };

/**
 * Asks each in turn: the first that allows or denies decides. The reason of "no opinion" has one line for each that
 * gave one. Stays synchronous as long as its members are.
 */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    name: "Union",
    authorize: (user, info) => ask(authorizers, user, info, []),
  };
}

function ask(
  [first, ...rest]: readonly Authorizer[],
  user: UserInfo,
  info: RequestInfo,
  reasons: readonly string[],
): Decision | Promise<Decision> {
  if (!first) return { decision: "NoOpinion", reason: reasons.join("\n") };
  const answer = first.authorize(user, info);
  const next = (decision: Decision) =>
    decision.decision !== "NoOpinion"
      ? decision
      : ask(rest, user, info, decision.reason ? [...reasons, decision.reason] : reasons);
  return answer instanceof Promise ? answer.then(next) : next(answer);
}
