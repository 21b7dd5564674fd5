import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import { loadCel } from "../../../shared/cel/loading.ts";
import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import { StatusError, type StatusReason } from "../../../shared/meta/status_error.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { refusal } from "../refusal.ts";
import { isInterceptable } from "../webhook/webhook_call.ts";
import { Decisions } from "./decisions.ts";
import { requestNamespace } from "./request_namespace.ts";
import {
  hasBindings,
  type Invocation,
  invocationsOf,
  isFault,
  type PolicyDependencies,
  requestAs,
} from "./policy_hooks.ts";
import { judge, type PolicyDecision, type PolicyVerdict } from "./validating_decision.ts";

const plurals = {
  policies: "validatingadmissionpolicies",
  bindings: "validatingadmissionpolicybindings",
};
const FAILURE_ANNOTATION = "validation.policy.admission.k8s.io/validation_failure";
const MAX_FAILURES = 50;
const MAX_ANNOTATION_LENGTH = 10 * 1024;

type Policy = ValidatingAdmissionPolicy;
type Binding = ValidatingAdmissionPolicyBinding;

/** A decision that something is to follow from. */
interface Denial {
  readonly policy: Policy;
  readonly binding: Binding | undefined;
  readonly decision: PolicyDecision;
}

interface AuditedFailure {
  readonly message: string;
  readonly policy: string;
  readonly binding: string;
  readonly expressionIndex: number;
  readonly validationActions: readonly string[];
}

/**
 * Judges writes by the ValidatingAdmissionPolicies that are bound. Source:
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/.
 */
export function validatingAdmissionPolicy(deps: PolicyDependencies): AdmissionPlugin {
  return {
    name: "ValidatingAdmissionPolicy",
    handles: ({ kind }) => isInterceptable(kind),
    async validate(attributes) {
      if (!hasBindings(deps.reader, plurals.bindings)) return;
      await loadCel();
      await new Judgement(attributes, deps).run();
    },
  };
}

/** All policies' judgement of one request. */
class Judgement {
  readonly #attributes: Attributes;
  readonly #deps: PolicyDependencies;
  readonly #decisions: Decisions;
  readonly #denials: Denial[] = [];
  readonly #failures: AuditedFailure[] = [];
  /** Values to be noted, by policy and key. */
  readonly #annotations = new Map<string, string[]>();

  constructor(attributes: Attributes, deps: PolicyDependencies) {
    this.#attributes = attributes;
    this.#deps = deps;
    this.#decisions = new Decisions(deps.authorizer, attributes.user);
  }

  /** Throws StatusError if a policy refuses. */
  async run(): Promise<void> {
    for (const one of invocationsOf<Policy, Binding>(plurals, this.#attributes, this.#deps)) {
      if (!isFault(one)) await this.#invoke(one);
      else if (one.policy.spec?.failurePolicy !== "Ignore") {
        const decision = { denied: true, message: one.message, reason: "" };
        this.#denials.push({ policy: one.policy, binding: one.binding, decision });
      }
    }
    this.#publish();
    const [first] = this.#denials;
    if (first) throw denied(this.#attributes, first);
  }

  async #invoke({ policy, binding, kind, params }: Invocation<Policy, Binding>): Promise<void> {
    const request = requestAs(this.#attributes, kind);
    const namespace: Namespace | undefined = requestNamespace(this.#attributes, this.#deps.reader);
    for (const param of params) {
      const verdict = await this.#decisions.run(() =>
        judge(policy, {
          request,
          namespace,
          decisions: this.#decisions,
          ...(policy.spec?.paramKind && { params: param }),
        })
      );
      this.#record(verdict, policy, binding);
    }
  }

  #record({ decisions, annotations }: PolicyVerdict, policy: Policy, binding: Binding): void {
    decisions.forEach((decision, expressionIndex) => {
      if (decision.denied) this.#act({ policy, binding, decision }, expressionIndex);
    });
    for (const annotation of annotations) {
      if ("error" in annotation) {
        const decision = { denied: true, message: annotation.error, reason: "" };
        this.#denials.push({ policy, binding, decision });
        continue;
      }
      const key = `${policy.metadata.name}/${annotation.key}`;
      const values = this.#annotations.get(key) ?? [];
      const value = annotation.value.slice(0, MAX_ANNOTATION_LENGTH);
      if (!values.includes(value)) values.push(value);
      this.#annotations.set(key, values);
    }
  }

  #act(denial: Denial & { readonly binding: Binding }, expressionIndex: number): void {
    const { policy, binding, decision: { message } } = denial;
    const validationActions = binding.spec?.validationActions ?? [];
    for (const action of validationActions) {
      if (action === "Deny") this.#denials.push(denial);
      else if (action === "Audit") {
        this.#failures.push({
          message,
          policy: policy.metadata.name!,
          binding: binding.metadata.name!,
          expressionIndex,
          validationActions,
        });
      } else {
        const who = `'${policy.metadata.name}' with binding '${binding.metadata.name}'`;
        this.#attributes.warn(`Validation failed for ValidatingAdmissionPolicy ${who}: ${message}`);
      }
    }
  }

  #publish(): void {
    for (const [key, values] of this.#annotations) {
      this.#attributes.annotate?.(key, values.join(", "));
    }
    if (this.#failures.length === 0) return;
    const failures = this.#failures.slice(0, MAX_FAILURES);
    this.#attributes.annotate?.(FAILURE_ANNOTATION, JSON.stringify(failures));
  }
}

/** The refusal that a denial comes to. */
function denied(attributes: Attributes, { policy, binding, decision }: Denial): StatusError {
  const by = binding ? ` with binding '${binding.metadata.name}'` : "";
  const message =
    `ValidatingAdmissionPolicy '${policy.metadata.name}'${by} denied request: ${decision.message}`;
  const { message: full, details } = refusal(attributes, message, [{ message }]);
  const reason = (decision.reason || "Invalid") as StatusReason;
  return new StatusError(reason, full, { ...(details && { details }) });
}
