import type { MutatingWebhook } from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KindDefinition, KubeObject } from "../../../shared/api/kind.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { applyJsonPatch, parseJsonPatch } from "../../../shared/patch/json_patch.ts";
import { decodeObject } from "../../../shared/schema/decode.ts";
import { DecodeError } from "../../../shared/schema/decode_error.ts";
import { schemaOf } from "../../../shared/schema/schema.ts";
import { sameJson } from "../../registry/metadata.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { type Participants, Reinvocation } from "../reinvocation.ts";
import type { Verdict, VersionedRequest } from "./admission_review.ts";
import { isOf, takeOver, versionedObject } from "./versioned_object.ts";
import {
  CallError,
  callWebhook,
  checkGoing,
  conditionsHold,
  coveredKind,
  internalError,
  isInterceptable,
  type WebhookDependencies,
} from "./webhook_call.ts";
import { type ConfiguredWebhook, webhooksOf } from "./webhook_source.ts";

const name = "MutatingAdmissionWebhook";
const mutationPrefix = "mutation.webhook.admission.k8s.io/";
const patchPrefix = "patch.webhook.admission.k8s.io/";

/**
 * Asks the webhooks of MutatingWebhookConfigurations, one after the other, each about what the one before made of the
 * object. Source: KEP-492 for who is asked again.
 */
export function mutatingAdmissionWebhook(deps: WebhookDependencies): AdmissionPlugin {
  return {
    name,
    handles: ({ kind }) => isInterceptable(kind),
    async admit(attributes, reinvocation = new Reinvocation()) {
      const hooks = webhooksOf<MutatingWebhook>(deps.reader, "mutatingwebhookconfigurations");
      if (hooks.length === 0) return;
      const participants = reinvocation.of(name);
      if (reinvocation.isSecond && participants.differs(attributes.object)) participants.changed();
      try {
        for (const [index, hook] of hooks.entries()) {
          await new Turn(hook, index, { attributes, reinvocation, participants, deps }).run();
        }
      } finally {
        participants.leave(attributes.object);
      }
    },
  };
}

interface TurnOptions {
  readonly attributes: Attributes;
  readonly reinvocation: Reinvocation;
  readonly participants: Participants;
  readonly deps: WebhookDependencies;
}

/** One webhook's turn at one request. */
class Turn {
  readonly #hook: ConfiguredWebhook<MutatingWebhook>;
  readonly #options: TurnOptions;
  /** Ends the keys of audit annotations. */
  readonly #place: string;

  constructor(hook: ConfiguredWebhook<MutatingWebhook>, index: number, options: TurnOptions) {
    this.#hook = hook;
    this.#options = options;
    this.#place = `round_${options.reinvocation.isSecond ? 1 : 0}_index_${index}`;
  }

  /** Throws StatusError if the request is refused. */
  async run(): Promise<void> {
    const { attributes, reinvocation, participants, deps } = this.#options;
    const { webhook, id } = this.#hook;
    const kind = coveredKind(webhook, attributes, deps);
    if (!kind) return;
    const { object, oldObject, kind: asked } = attributes;
    const request = {
      attributes,
      kind,
      object: versionedObject(object, asked, kind),
      oldObject: versionedObject(oldObject, asked, kind),
    };
    if (!await conditionsHold(webhook, request, deps.conditions)) return;
    if (reinvocation.isSecond && !participants.runsAgain(id)) return;
    try {
      if (await this.#ask(request)) {
        participants.changed();
        reinvocation.want();
      }
    } finally {
      if (webhook.reinvocationPolicy === "IfNeeded") participants.ran(id);
    }
  }

  /** Asks, and does as the webhook says. True: the object has changed. */
  async #ask(request: VersionedRequest): Promise<boolean> {
    const { deps, attributes } = this.#options;
    const { webhook } = this.#hook;
    let changed = false;
    try {
      const verdict = await callWebhook(webhook, request, { ...deps, mutating: true });
      return changed = this.#apply(verdict, request);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (webhook.failurePolicy !== "Ignore") throw error.toStatusError();
      const { message } = error;
      deps.log.warn("Webhook failed and is ignored", { webhook: webhook.name, error: message });
      attributes.annotate?.(`failed-open.${mutationPrefix}${this.#place}`, webhook.name);
      checkGoing(attributes);
      return false;
    } finally {
      this.#annotate(mutationPrefix, { mutated: changed });
    }
  }

  #apply({ patch, patchType }: Verdict, request: VersionedRequest): boolean {
    const { attributes } = this.#options;
    const { webhook } = this.#hook;
    if (patch === "") return false;
    const operations = readPatch(webhook.name, patch);
    if (operations.length === 0) return false;
    const { object, kind } = request;
    if (!object || !attributes.object) {
      const who = `admission webhook ${JSON.stringify(webhook.name)}`;
      const why = "attempted to modify the object, which is not supported for this operation";
      throw internalError(`${who} ${why}`);
    }
    if (patchType !== "JSONPatch") {
      throw new CallError(webhook.name, `unsupported patch type ${JSON.stringify(patchType)}`);
    }
    const patched = patchedObject(object, operations, kind);
    const changed = !sameJson(object, patched);
    this.#annotate(patchPrefix, { patch: JSON.parse(patch), patchType }, "Request");
    if (isOf(kind, patched)) kind.strategy.defaults?.(patched);
    takeOver(attributes.object, patched, { from: kind, to: attributes.kind });
    return changed;
  }

  #annotate(prefix: string, what: object, level?: "Request"): void {
    const { configuration, webhook } = this.#hook;
    const value = JSON.stringify({ configuration, webhook: webhook.name, ...what });
    this.#options.attributes.annotate?.(`${prefix}${this.#place}`, value, level);
  }
}

type Operations = ReturnType<typeof parseJsonPatch>["operations"];

function readPatch(webhook: string, patch: string): Operations {
  try {
    return parseJsonPatch(patch).operations;
  } catch (error) {
    const cause = (error as Error).cause ?? error;
    const why = `received undecodable patch in webhook response: ${(cause as Error).message}`;
    throw new CallError(webhook, why, { cause: error });
  }
}

/** Throws InternalError for a patch that does not apply or makes something that is no such object. */
function patchedObject(
  object: KubeObject,
  operations: Operations,
  kind: KindDefinition,
): KubeObject {
  try {
    const patched = applyJsonPatch(object, operations);
    const schema = isOf(kind, object) ? kind.schema : schemaOf(object.apiVersion, object.kind);
    return decodeObject(schema, patched, { strict: false }).object;
  } catch (error) {
    if (error instanceof DecodeError) throw internalError(error.message, error);
    if (!(error instanceof StatusError)) throw error;
    throw internalError(((error.cause ?? error) as Error).message, error);
  }
}
