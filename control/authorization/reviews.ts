import type {
  SelfSubjectReview,
  TokenReview,
  UserInfo as ReviewedUser,
} from "../../shared/api/authentication/v1/types.gen.ts";
import type {
  LocalSubjectAccessReview,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from "../../shared/api/authorization/v1/types.gen.ts";
import type { KubeObject } from "../../shared/api/kind.ts";
import { type Clock, timestamp } from "../../shared/clock/clock.ts";
import { StatusError } from "../../shared/meta/status_error.ts";
import { type TokenAuthenticator, TokenError } from "../authentication/bearer_token.ts";
import { withAuthenticated } from "../authentication/union.ts";
import type { Authorizer, RequestInfo, UserInfo } from "../server/request_context.ts";
import type { RbacAuthorizer } from "./rbac.ts";
import {
  invalidReview,
  validateLocalReview,
  validateSelfReview,
  validateSubjectReview,
} from "./review_validation.ts";

/** What the reviews ask. */
export interface ReviewDependencies {
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
  readonly tokens: TokenAuthenticator;
  /** What the API server calls itself as an audience. */
  readonly audiences: readonly string[];
  readonly clock: Clock;
}

/** Who sent the review, and to which namespace ("" for none). */
export interface ReviewCaller {
  readonly user: UserInfo;
  readonly namespace: string;
}

/** Answers one kind of review: the object to return with 201. Rejects with `StatusError`. Nothing is stored. */
export type ReviewHandler = (
  review: KubeObject,
  caller: ReviewCaller,
  dependencies: ReviewDependencies,
) => Promise<KubeObject>;

/** The handler of each review, by `<group>/<plural>`; the registry answers POST with them. */
export const reviewHandlers: Readonly<Record<string, ReviewHandler>> = {
  "authorization.k8s.io/subjectaccessreviews": (review, _caller, dependencies) =>
    subjectAccessReview(review as SubjectAccessReview, dependencies),
  "authorization.k8s.io/localsubjectaccessreviews": (review, caller, dependencies) =>
    localSubjectAccessReview(review as LocalSubjectAccessReview, caller, dependencies),
  "authorization.k8s.io/selfsubjectaccessreviews": (review, caller, dependencies) =>
    selfSubjectAccessReview(review as SelfSubjectAccessReview, caller, dependencies),
  "authorization.k8s.io/selfsubjectrulesreviews": (review, caller, dependencies) =>
    Promise.resolve(selfSubjectRulesReview(review as SelfSubjectRulesReview, caller, dependencies)),
  "authentication.k8s.io/tokenreviews": (review, _caller, dependencies) =>
    tokenReview(review as TokenReview, dependencies),
  "authentication.k8s.io/selfsubjectreviews": (review, caller, dependencies) =>
    Promise.resolve(selfSubjectReview(review as SelfSubjectReview, caller, dependencies)),
};

async function subjectAccessReview(
  review: SubjectAccessReview,
  { authorizer }: ReviewDependencies,
): Promise<SubjectAccessReview> {
  invalidReview(validateSubjectReview(review.spec));
  return { ...review, status: await decide(authorizer, userOf(review.spec), review.spec) };
}

async function localSubjectAccessReview(
  review: LocalSubjectAccessReview,
  { namespace }: ReviewCaller,
  { authorizer }: ReviewDependencies,
): Promise<LocalSubjectAccessReview> {
  const full = { ...review, metadata: { ...review.metadata, namespace } };
  invalidReview(validateLocalReview(full));
  return { ...full, status: await decide(authorizer, userOf(full.spec), full.spec) };
}

async function selfSubjectAccessReview(
  review: SelfSubjectAccessReview,
  { user }: ReviewCaller,
  { authorizer }: ReviewDependencies,
): Promise<SelfSubjectAccessReview> {
  invalidReview(validateSelfReview(review.spec));
  return { ...review, status: await decide(authorizer, user, review.spec) };
}

function selfSubjectRulesReview(
  review: SelfSubjectRulesReview,
  { user }: ReviewCaller,
  { rbac }: ReviewDependencies,
): SelfSubjectRulesReview {
  const namespace = review.spec?.namespace ?? "";
  if (namespace === "") throw new StatusError("BadRequest", "no namespace on request");
  const { rules, errors } = rbac.rulesFor(user, namespace);
  const isNode = user.name.startsWith("system:node:") && user.groups.includes("system:nodes");
  const problems = isNode
    ? [...errors, "node authorizer does not support user rule resolution"]
    : errors;
  return {
    kind: review.kind,
    apiVersion: review.apiVersion,
    metadata: {},
    spec: {},
    status: {
      resourceRules: rules.filter((rule) => (rule.resources ?? []).length > 0)
        .map(({ verbs, apiGroups, resources, resourceNames }) => ({
          verbs,
          apiGroups,
          resources,
          ...(resourceNames && resourceNames.length > 0 && { resourceNames }),
        })),
      nonResourceRules: rules.filter((rule) => (rule.nonResourceURLs ?? []).length > 0)
        .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
      incomplete: problems.length > 0,
      ...(problems.length > 0 && { evaluationError: problems.join(", ") }),
    },
  };
}

async function tokenReview(
  review: TokenReview,
  { tokens, audiences }: ReviewDependencies,
): Promise<TokenReview> {
  const { token, audiences: wanted = [] } = review.spec;
  if (!token) {
    throw new StatusError("BadRequest", "token is required for TokenReview in authentication");
  }
  try {
    const found = await tokens.authenticateToken(token, wanted);
    if (!found) return { ...review, status: { user: {}, error: "invalid bearer token" } };
    const meant = found.audiences.length > 0 ? found.audiences : audiences;
    return {
      ...review,
      status: {
        authenticated: true,
        user: describeUser(withAuthenticated(found.user)),
        audiences: [...meant],
      },
    };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const text = `[invalid bearer token, ${error.message}]`;
    return { ...review, status: { user: {}, error: text } };
  }
}

function selfSubjectReview(
  review: SelfSubjectReview,
  { user }: ReviewCaller,
  { clock }: ReviewDependencies,
): SelfSubjectReview {
  return {
    ...review,
    metadata: { creationTimestamp: timestamp(clock.now()) },
    status: { userInfo: describeUser(user) },
  };
}

async function decide(
  authorizer: Authorizer,
  user: UserInfo,
  spec: Pick<SubjectAccessReviewSpec, "resourceAttributes" | "nonResourceAttributes">,
): Promise<SubjectAccessReviewStatus> {
  const { decision, reason } = await authorizer.authorize(user, attributesOf(spec));
  return {
    allowed: decision === "Allow",
    ...(decision === "Deny" && { denied: true }),
    ...(reason && { reason }),
  };
}

function attributesOf(
  spec: Pick<SubjectAccessReviewSpec, "resourceAttributes" | "nonResourceAttributes">,
): RequestInfo {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  const { fieldSelector, labelSelector } = resource ?? {};
  return {
    isResource: resource !== undefined,
    verb: resource?.verb ?? path?.verb ?? "",
    path: path?.path ?? "",
    group: resource?.group ?? "",
    version: resource?.version ?? "*",
    resource: resource?.resource ?? "",
    subresource: resource?.subresource ?? "",
    rest: "",
    namespace: resource?.namespace ?? "",
    name: resource?.name ?? "",
    fieldSelector: selectorText(fieldSelector),
    labelSelector: selectorText(labelSelector),
  };
}

/** Requirements in the query's syntax, as authorizers know it. */
function selectorText(
  selector: ResourceAttributes["labelSelector"] | ResourceAttributes["fieldSelector"],
): string | undefined {
  if (!selector) return undefined;
  if (selector.rawSelector) return selector.rawSelector;
  return (selector.requirements ?? []).map(({ key, operator, values = [] }) => {
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    const negated = operator === "NotIn";
    if (values.length === 1) return `${key}${negated ? "!=" : "="}${values[0]}`;
    return `${key} ${negated ? "notin" : "in"} (${values.join(",")})`;
  }).join(",");
}

function userOf(spec: SubjectAccessReviewSpec): UserInfo {
  return {
    name: spec.user ?? "",
    groups: spec.groups ?? [],
    ...(spec.uid && { uid: spec.uid }),
    ...(spec.extra && { extra: spec.extra }),
  };
}

/** A user as the API writes one down. */
export function describeUser(user: UserInfo): ReviewedUser {
  const extra = Object.entries(user.extra ?? {}).sort(([a], [b]) => a < b ? -1 : 1);
  return {
    username: user.name,
    ...(user.uid && { uid: user.uid }),
    groups: [...user.groups],
    ...(extra.length > 0 && {
      extra: Object.fromEntries(extra.map(([key, values]) => [key, [...values]])),
    }),
  };
}
