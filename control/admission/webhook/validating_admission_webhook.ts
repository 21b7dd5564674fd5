import type { ValidatingWebhook } from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import type { VersionedRequest } from "./admission_review.ts";
import { versionedObject } from "./versioned_object.ts";
import {
  CallError,
  callWebhook,
  checkGoing,
  conditionsHold,
  coveredKind,
  isInterceptable,
  type WebhookDependencies,
} from "./webhook_call.ts";
import { webhooksOf } from "./webhook_source.ts";

const annotationPrefix = "failed-open.validating.webhook.admission.k8s.io/";

/** Asks the webhooks of ValidatingWebhookConfigurations, all at once; the first refusal counts. */
export function validatingAdmissionWebhook(deps: WebhookDependencies): AdmissionPlugin {
  return {
    name: "ValidatingAdmissionWebhook",
    handles: ({ kind }) => isInterceptable(kind),
    async validate(attributes) {
      const calls = await callsFor(attributes, deps);
      if (calls.length === 0) return;
      checkGoing(attributes);
      const refusals: unknown[] = [];
      await Promise.all(calls.map(async (call, index) => {
        const refusal = await refusalOf(call, index, deps);
        if (refusal) refusals.push(refusal);
      }));
      if (refusals.length > 0) throw refusals[0];
    },
  };
}

interface Call {
  readonly webhook: ValidatingWebhook;
  readonly request: VersionedRequest;
}

async function callsFor(
  attributes: Attributes,
  deps: WebhookDependencies,
): Promise<readonly Call[]> {
  const calls: Call[] = [];
  const requests = new Map<object, VersionedRequest>();
  const all = webhooksOf<ValidatingWebhook>(deps.reader, "validatingwebhookconfigurations");
  for (const { webhook } of all) {
    const kind = coveredKind(webhook, attributes, deps);
    if (!kind) continue;
    const { object, oldObject, kind: asked } = attributes;
    const request = requests.get(kind) ?? {
      attributes,
      kind,
      object: versionedObject(object, asked, kind),
      oldObject: versionedObject(oldObject, asked, kind),
    };
    requests.set(kind, request);
    if (await conditionsHold(webhook, request, deps.conditions)) calls.push({ webhook, request });
  }
  return calls;
}

/** Why the request must be refused by what one webhook said, or failed to say. */
async function refusalOf(
  { webhook, request }: Call,
  index: number,
  deps: WebhookDependencies,
): Promise<StatusError | undefined> {
  try {
    await callWebhook(webhook, request, { ...deps, mutating: false });
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error;
    if (!(error instanceof CallError)) throw error;
    if (webhook.failurePolicy !== "Ignore") return error.toStatusError();
    const { name } = webhook;
    deps.log.warn("Webhook failed and is ignored", { webhook: name, error: error.message });
    request.attributes.annotate?.(`${annotationPrefix}round_0_index_${index}`, name);
    return undefined;
  }
}
