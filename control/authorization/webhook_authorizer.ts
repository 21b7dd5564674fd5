import type {
  SubjectAccessReview,
  SubjectAccessReviewStatus,
} from "../../shared/api/authorization/v1/types.gen.ts";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { fieldRequirements, labelRequirements } from "./selector_requirements.ts";
import { BoundedCache } from "../../shared/cache/bounded_cache.ts";
import type { Authorizer, Decision, RequestInfo, UserInfo } from "../server/request_context.ts";
import type { Webhook } from "../webhook/webhook.ts";
import type { WebhookAuthorizerConfig } from "./authorization_configuration.ts";

export interface WebhookAuthorizerDeps {
  readonly webhook: Webhook;
  readonly clock: Clock;
  readonly log: Log;
}

type Spec = SubjectAccessReview["spec"];

const maxDecisions = 8192;
/** Larger questions are not remembered. */
const maxQuestion = 10_000;

/** Asks a webhook, by SubjectAccessReview. What it said holds for a while. */
export function webhookAuthorizer(
  name: string,
  config: WebhookAuthorizerConfig,
  { webhook, clock, log }: WebhookAuthorizerDeps,
): Authorizer {
  const { subjectAccessReviewVersion: version, failurePolicy } = config;
  const cache = new BoundedCache<string, { readonly until: number; readonly decision: Decision }>(
    maxDecisions,
  );
  const failed: Decision = failurePolicy === "Deny"
    ? { decision: "Deny" }
    : { decision: "NoOpinion" };
  const ask = async (spec: Spec): Promise<Decision> => {
    const question = JSON.stringify(spec);
    const known = cache.get(question);
    if (known && known.until > clock.monotonic()) return known.decision;
    const { status } = await webhook.ask<SubjectAccessReview>({
      kind: "SubjectAccessReview",
      apiVersion: `authorization.k8s.io/${version}`,
      metadata: {},
      spec: version === "v1beta1" ? betaSpec(spec) : spec,
    });
    const decision = decisionOf(status);
    const ttl = ttlOf(config, status?.allowed === true);
    if (ttl > 0 && question.length < maxQuestion) {
      cache.set(question, { until: clock.monotonic() + ttl, decision });
    }
    return decision;
  };
  return {
    name,
    async authorize(user, info) {
      try {
        return await ask(specOf(user, info));
      } catch (error) {
        log.error("Authorization webhook cannot be asked", error, { authorizer: name });
        return failed;
      }
    },
  };
}

function ttlOf(config: WebhookAuthorizerConfig, allowed: boolean): number {
  const { cacheAuthorizedRequests = true, cacheUnauthorizedRequests = true } = config;
  if (allowed) return cacheAuthorizedRequests ? config.authorizedTTL : 0;
  return cacheUnauthorizedRequests ? config.unauthorizedTTL : 0;
}

function decisionOf(status: SubjectAccessReviewStatus | undefined): Decision {
  const reason = status?.reason ? { reason: status.reason } : {};
  // Who says both says no.
  if (status?.denied) return { decision: "Deny", ...reason };
  return { decision: status?.allowed ? "Allow" : "NoOpinion", ...reason };
}

function specOf(user: UserInfo, info: RequestInfo): Spec {
  const { isResource, verb, path, namespace, group, version, resource, subresource, name } = info;
  const fields = fieldRequirements(info.fieldSelector);
  const labels = labelRequirements(info.labelSelector);
  return {
    ...(isResource
      ? {
        resourceAttributes: {
          ...(namespace && { namespace }),
          verb,
          ...(group && { group }),
          version,
          resource,
          ...(subresource && { subresource }),
          ...(name && { name }),
          ...(fields && { fieldSelector: { requirements: fields } }),
          ...(labels && { labelSelector: { requirements: labels } }),
        },
      }
      : { nonResourceAttributes: { path, verb } }),
    user: user.name,
    ...(user.groups.length > 0 && { groups: [...user.groups] }),
    ...(user.extra && {
      extra: Object.fromEntries(
        Object.entries(user.extra).map(([key, values]) => [key, [...values]]),
      ),
    }),
    ...(user.uid && { uid: user.uid }),
  };
}

/** `groups` was `group`. */
function betaSpec({ groups, ...rest }: Spec): object {
  return { ...rest, ...(groups && { group: groups }) };
}
