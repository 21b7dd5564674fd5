import type {
  MutatingWebhook,
  ValidatingWebhook,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KindDefinition } from "../../../shared/api/kind.ts";
import type { Random } from "../../../shared/clock/random.ts";
import type { Log } from "../../../shared/log/log.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { forbiddenError } from "../../registry/errors.ts";
import type { WebhookClient } from "../../webhook/webhook_client.ts";
import { isAdmissionConfiguration } from "../match/match_resources.ts";
import { type EquivalentKinds, matchRules } from "../match/rules.ts";
import { namespaceSelected, objectSelected } from "../match/selectors.ts";
import type { AdmissionReader, Attributes } from "../plugin.ts";
import { admissionReview, reviewVersion, type Verdict, verdictOf } from "./admission_review.ts";
import type { VersionedRequest } from "./admission_review.ts";
import { decodeReview, type Review } from "./review_decoding.ts";

type Webhook = MutatingWebhook | ValidatingWebhook;

/** Judges a webhook's match conditions. Throws Error with all that failed, if none is false. */
export type ConditionMatcher = (
  webhook: Webhook,
  request: VersionedRequest,
) => boolean | Promise<boolean>;

/** What the webhook plugins work with. */
export interface WebhookDependencies {
  readonly reader: AdmissionReader;
  readonly kinds: EquivalentKinds;
  readonly client: Pick<WebhookClient, "post">;
  readonly conditions: ConditionMatcher;
  readonly random: Random;
  readonly log: Log;
}

/** A webhook could not be asked. Whether that refuses the request is for its failurePolicy. */
export class CallError extends Error {
  override readonly name = "CallError";
  constructor(webhook: string, reason: string, options: ErrorOptions = {}) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${reason}`, options);
  }

  /** As the refusal of a request. */
  toStatusError(): StatusError {
    return internalError(this.message, this);
  }
}

/** The reference's `NewInternalError`. */
export function internalError(message: string, cause?: unknown): StatusError {
  return new StatusError("InternalError", `Internal error occurred: ${message}`, {
    cause,
    details: { causes: [{ message }] },
  });
}

/** Throws Timeout if nobody waits for the request's answer any more. */
export function checkGoing({ signal }: Attributes): void {
  if (!signal?.aborted) return;
  const message = "Timeout: request did not complete within requested timeout";
  throw new StatusError("Timeout", message, { details: {} });
}

/** Reviews of who may do what are kept out, so that no webhook can lock everybody out. */
const reviews: ReadonlySet<string> = new Set([
  "authentication.k8s.io/selfsubjectreviews",
  "authentication.k8s.io/tokenreviews",
  "authorization.k8s.io/localsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectrulesreviews",
  "authorization.k8s.io/subjectaccessreviews",
]);

/** Whether webhooks are asked about such objects at all. */
export function isInterceptable(kind: KindDefinition): boolean {
  return !isAdmissionConfiguration(kind) && !reviews.has(`${kind.group}/${kind.plural}`);
}

/**
 * The kind in which a webhook is to be asked about a request, undefined if it is not; its match conditions are not
 * looked at. Throws StatusError if it would be but for a namespace that does not exist.
 */
export function coveredKind(
  { rules, matchPolicy, namespaceSelector, objectSelector }: Webhook,
  attributes: Attributes,
  { reader, kinds }: Pick<WebhookDependencies, "reader" | "kinds">,
): KindDefinition | undefined {
  let failure: unknown;
  try {
    if (!namespaceSelected(namespaceSelector, attributes, reader)) return undefined;
  } catch (error) {
    failure = error;
  }
  if (!objectSelected(objectSelector, attributes)) return undefined;
  const kind = matchRules(rules, attributes, { matchPolicy, kinds });
  if (kind && failure !== undefined) throw failure;
  return kind;
}

/** Whether the webhook's match conditions let it be asked. Throws Forbidden if they cannot be judged. */
export async function conditionsHold(
  webhook: Webhook,
  request: VersionedRequest,
  conditions: ConditionMatcher,
): Promise<boolean> {
  if (!webhook.matchConditions?.length) return true;
  try {
    return await conditions(webhook, request);
  } catch (error) {
    if (webhook.failurePolicy === "Ignore") return false;
    const { kind, name } = request.attributes;
    throw forbiddenError(kind, name, (error as Error).message);
  }
}

/** Asks a webhook. Throws CallError, or StatusError if it refuses (or may not be asked) by itself. */
export async function callWebhook(
  webhook: Webhook,
  request: VersionedRequest,
  deps: WebhookDependencies & { readonly mutating: boolean },
): Promise<Verdict> {
  const { attributes } = request;
  const { name } = webhook;
  const { client, random, mutating } = deps;
  checkDryRun(webhook, attributes);
  const version = reviewVersion(webhook.admissionReviewVersions ?? []);
  if (version === undefined) {
    const why = "webhook does not accept known AdmissionReview versions (v1, v1beta1)";
    throw new CallError(name, `could not create admission objects: ${why}`);
  }
  const uid = random.uuid();
  const review = admissionReview(request, { uid, version });
  const answer = await client.post(webhook.clientConfig ?? {}, review, {
    timeoutMs: (webhook.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
    signal: attributes.signal,
  }).then((answer) => decodeReview(answer, version)).catch((error: Error) => {
    throw new CallError(name, `failed to call webhook: ${error.message}`, { cause: error });
  });
  const verdict = read(name, answer, { uid, version, mutating });
  for (const [key, value] of Object.entries(verdict.auditAnnotations)) {
    attributes.annotate?.(`${name}/${key}`, value);
  }
  for (const warning of verdict.warnings) attributes.warn(warning);
  if (!verdict.allowed) throw denial(name, verdict.result);
  return verdict;
}

const defaultTimeoutSeconds = 10;

function checkDryRun({ name, sideEffects }: Webhook, { options }: Attributes): void {
  if (!options.dryRun || sideEffects === "None" || sideEffects === "NoneOnDryRun") return;
  const message = `admission webhook ${JSON.stringify(name)} does not support dry run`;
  throw new StatusError("BadRequest", message);
}

function read(
  name: string,
  answer: Review,
  asked: { readonly uid: string; readonly version: string; readonly mutating: boolean },
): Verdict {
  try {
    return verdictOf(answer, asked);
  } catch (error) {
    const { message } = error as Error;
    throw new CallError(name, `received invalid webhook response: ${message}`, { cause: error });
  }
}

/** What a webhook said, as the refusal of the request: never a success, and always by whom. */
function denial(name: string, result: Verdict["result"] = {}): StatusError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const { message, reason, code = 0 } = result;
  const why = message || reason;
  const text = why ? `${denied}: ${why}` : `${denied} without explanation`;
  return StatusError.fromStatus({ ...result, message: text, code: Math.max(code, 400) }, 400);
}
