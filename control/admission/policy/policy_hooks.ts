import type {
  MatchResources,
  ParamKind,
  ParamRef,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KindDefinition, KubeObject } from "../../../shared/api/kind.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import type { Authorizer } from "../../server/request_context.ts";
import { matchResources } from "../match/match_resources.ts";
import type { ServedKinds } from "../match/registry_equivalents.ts";
import type { EquivalentKinds } from "../match/rules.ts";
import type { AdmissionReader, Attributes } from "../plugin.ts";
import type { VersionedRequest } from "../webhook/admission_review.ts";
import { versionedObject } from "../webhook/versioned_object.ts";
import { ConfigurationError, paramKindOf, paramsOf } from "./params.ts";

/** What the policy plugins work with. */
export interface PolicyDependencies {
  readonly reader: AdmissionReader;
  readonly kinds: EquivalentKinds;
  readonly served: ServedKinds;
  readonly authorizer: Authorizer;
}

/** Validating and mutating policies, as far as they are alike. */
export interface Policy extends KubeObject {
  readonly spec?: {
    readonly paramKind?: ParamKind | undefined;
    readonly matchConstraints?: MatchResources | undefined;
    readonly failurePolicy?: string | undefined;
  } | undefined;
}
export interface Binding extends KubeObject {
  readonly spec?: {
    readonly policyName?: string | undefined;
    readonly paramRef?: ParamRef | undefined;
    readonly matchResources?: MatchResources | undefined;
  } | undefined;
}

/** A policy that covers a request through one of its bindings, with the parameters to judge by. */
export interface Invocation<P extends Policy, B extends Binding> {
  readonly policy: P;
  readonly binding: B;
  readonly kind: KindDefinition;
  readonly params: readonly (KubeObject | null)[];
}

/** Why a policy, or a binding of it, cannot be applied. */
export interface ConfigurationFault<P extends Policy, B extends Binding> {
  readonly policy: P;
  readonly binding: B | undefined;
  readonly message: string;
}

const group = "admissionregistration.k8s.io";

/** Whether there is a binding at all: a test that costs next to nothing. */
export function hasBindings(reader: AdmissionReader, plural: string): boolean {
  return reader.list(group, plural).length > 0;
}

/** The policies of one kind that cover a request, in the order of their names and those of their bindings. */
export function invocationsOf<P extends Policy, B extends Binding>(
  plurals: { readonly policies: string; readonly bindings: string },
  attributes: Attributes,
  deps: PolicyDependencies,
): readonly (Invocation<P, B> | ConfigurationFault<P, B>)[] {
  const { reader } = deps;
  const bindings = byName(reader.list<B>(group, plurals.bindings));
  const names = new Set(bindings.map(({ spec }) => spec?.policyName ?? ""));
  const invocations: (Invocation<P, B> | ConfigurationFault<P, B>)[] = [];
  for (const name of [...names].sort()) {
    const policy = reader.get<P>(group, plurals.policies, "", name);
    if (!policy) continue;
    const own = bindings.filter(({ spec }) => spec?.policyName === name);
    invocations.push(...ofPolicy(policy, own, { attributes, deps }));
  }
  return invocations;
}

export function isFault<P extends Policy, B extends Binding>(
  one: Invocation<P, B> | ConfigurationFault<P, B>,
): one is ConfigurationFault<P, B> {
  return "message" in one;
}

function* ofPolicy<P extends Policy, B extends Binding>(
  policy: P,
  bindings: readonly B[],
  { attributes, deps }: { readonly attributes: Attributes; readonly deps: PolicyDependencies },
): Iterable<Invocation<P, B> | ConfigurationFault<P, B>> {
  const { reader, served } = deps;
  let kind: KindDefinition | undefined;
  let paramKind: KindDefinition | undefined;
  try {
    kind = matchResources(policy.spec?.matchConstraints ?? {}, attributes, deps);
    if (!kind) return;
    paramKind = paramKindOf(policy.spec?.paramKind, served);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const message = `failed to configure policy: ${(error as Error).message}`;
    yield { policy, binding: undefined, message };
    return;
  }
  for (const binding of bindings) {
    try {
      const { matchResources: narrowed, paramRef } = binding.spec ?? {};
      if (narrowed && !matchResources(narrowed, attributes, deps)) continue;
      const { namespace } = attributes;
      const params = paramsOf(paramKind, paramRef, { namespace, sources: { reader, served } });
      yield { policy, binding, kind, params };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      yield { policy, binding, message: `failed to configure binding: ${error.message}` };
    }
  }
}

/** What is told to the user; anything else is a bug. */
function isRefusal(error: unknown): error is Error {
  return error instanceof ConfigurationError || error instanceof StatusError;
}

/** The request with its objects in the version that a policy names. */
export function requestAs(attributes: Attributes, kind: KindDefinition): VersionedRequest {
  const { object, oldObject, kind: asked } = attributes;
  return {
    attributes,
    kind,
    object: versionedObject(object, asked, kind),
    oldObject: versionedObject(oldObject, asked, kind),
  };
}

function byName<T extends KubeObject>(objects: readonly T[]): readonly T[] {
  return objects.toSorted((one, other) => one.metadata.name! < other.metadata.name! ? -1 : 1);
}
