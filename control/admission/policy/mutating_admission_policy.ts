import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { sameJson } from "../../registry/metadata.ts";
import { loadCel } from "../../../shared/cel/loading.ts";
import type { AdmissionPlugin, Attributes } from "../plugin.ts";
import { refusal } from "../refusal.ts";
import { type Participants, Reinvocation } from "../reinvocation.ts";
import { takeOver } from "../webhook/versioned_object.ts";
import { isInterceptable } from "../webhook/webhook_call.ts";
import { ConditionError, conditionsHold } from "./compiled_policy.ts";
import { Decisions } from "./decisions.ts";
import { type EvaluationInput, OutOfBudget } from "./evaluation.ts";
import { applyMutation, evaluateMutation, MutationError, mutationsOf } from "./mutations.ts";
import { requestNamespace } from "./request_namespace.ts";
import {
  hasBindings,
  type Invocation,
  invocationsOf,
  isFault,
  type PolicyDependencies,
  requestAs,
} from "./policy_hooks.ts";

const name = "MutatingAdmissionPolicy";
const plurals = {
  policies: "mutatingadmissionpolicies",
  bindings: "mutatingadmissionpolicybindings",
};

type Policy = MutatingAdmissionPolicy;
type Binding = MutatingAdmissionPolicyBinding;

/** A policy that could not do its work. */
interface PolicyFault {
  readonly policy: Policy;
  readonly binding: Binding | undefined;
  readonly message: string;
  /** Its own fault, not that of how it is set up. */
  readonly invalid: boolean;
}

/**
 * Changes objects by the MutatingAdmissionPolicies that are bound, one after the other. Source:
 * https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/.
 */
export function mutatingAdmissionPolicy(deps: PolicyDependencies): AdmissionPlugin {
  return {
    name,
    handles: ({ kind, operation }) => operation !== "DELETE" && isInterceptable(kind),
    async admit(attributes, reinvocation = new Reinvocation()) {
      if (!hasBindings(deps.reader, plurals.bindings)) return;
      await loadCel();
      const participants = reinvocation.of(name);
      if (reinvocation.isSecond && participants.differs(attributes.object)) participants.changed();
      try {
        await new Round({ attributes, reinvocation, participants, deps }).run();
      } finally {
        participants.leave(attributes.object);
      }
    },
  };
}

interface RoundOptions {
  readonly attributes: Attributes;
  readonly reinvocation: Reinvocation;
  readonly participants: Participants;
  readonly deps: PolicyDependencies;
}

/** All policies' work on one object. */
class Round {
  readonly #options: RoundOptions;
  readonly #decisions: Decisions;
  readonly #faults: PolicyFault[] = [];

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#decisions = new Decisions(options.deps.authorizer, options.attributes.user);
  }

  /** Throws StatusError if a policy that must not fail fails. */
  async run(): Promise<void> {
    const { attributes, deps } = this.#options;
    const invocations: Invocation<Policy, Binding>[] = [];
    for (const one of invocationsOf<Policy, Binding>(plurals, attributes, deps)) {
      if (isFault(one)) this.#faults.push({ ...one, invalid: false });
      else invocations.push(one);
    }
    for (const invocation of invocations) {
      for (const param of invocation.params) await this.#invoke(invocation, param);
    }
    const faults = this.#faults.filter(({ policy }) => policy.spec?.failurePolicy !== "Ignore");
    if (faults.length > 0) throw refused(attributes, faults);
  }

  async #invoke(
    invocation: Invocation<Policy, Binding>,
    param: KubeObject | null,
  ): Promise<void> {
    const { policy, binding, kind } = invocation;
    const { reinvocation, participants, attributes } = this.#options;
    const { compiler, conditions, mutations } = mutationsOf(policy);
    const input = (): EvaluationInput => ({
      request: requestAs(attributes, kind),
      namespace: requestNamespace(attributes, this.#options.deps.reader),
      decisions: this.#decisions,
      variables: compiler.variables,
      ...(policy.spec?.paramKind && { params: param }),
    });
    if (conditions.length > 0) {
      const matched = await this.#matches(invocation, () => conditionsHold(conditions, input()));
      if (!matched) return;
    }
    const id = idOf(policy, binding, param);
    if (reinvocation.isSecond && !participants.runsAgain(id)) return;
    const before = structuredClone(attributes.object);
    for (const mutation of mutations) {
      if (!attributes.object) break;
      await this.#mutate(invocation, async () => {
        const prepared = input();
        const value = await this.#decisions.run(() => evaluateMutation(mutation, prepared));
        const { object } = prepared.request;
        const changed = applyMutation(mutation, value, { object: object!, kind });
        takeOver(attributes.object!, changed, { from: kind, to: attributes.kind });
      });
    }
    if (!sameJson(before, attributes.object)) {
      participants.changed();
      reinvocation.want();
    }
    if (policy.spec?.reinvocationPolicy === "IfNeeded") participants.ran(id);
  }

  /** Whether the conditions hold; a fault that is not to be ignored is noted. */
  async #matches(
    { policy, binding }: Invocation<Policy, Binding>,
    hold: () => boolean,
  ): Promise<boolean> {
    try {
      return await this.#decisions.run(hold);
    } catch (error) {
      if (!(error instanceof ConditionError) && !(error instanceof OutOfBudget)) throw error;
      this.#faults.push({ policy, binding, message: error.message, invalid: true });
      return false;
    }
  }

  async #mutate(
    { policy, binding }: Invocation<Policy, Binding>,
    mutate: () => Promise<void>,
  ): Promise<void> {
    try {
      await mutate();
    } catch (error) {
      if (!(error instanceof MutationError)) throw error;
      this.#faults.push({ policy, binding, message: error.message, invalid: true });
    }
  }
}

function idOf(policy: Policy, binding: Binding, param: KubeObject | null): string {
  const { namespace = "", name: paramName = "" } = param?.metadata ?? {};
  return `${policy.metadata.name}/${binding.metadata.name}/${namespace}/${paramName}`;
}

/** The refusal that faults come to: worded by the first, with all as causes, 403 whatever the reason is. */
function refused(attributes: Attributes, faults: readonly PolicyFault[]): StatusError {
  const messages = faults.map(({ policy, binding, message }) =>
    binding
      ? `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`
      : `policy ${JSON.stringify(policy.metadata.name)} denied request: ${message}`
  );
  const { details } = refusal(attributes, "", messages.map((message) => ({ message })));
  const reason = faults[0]!.invalid ? "Invalid" : "Forbidden";
  return new StatusError(reason, messages[0]!, { code: 403, ...(details && { details }) });
}
