import type { KubeObject } from "../../shared/api/kind.ts";
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from "../../shared/api/rbac/v1/types.gen.ts";
import type { Authorizer, Decision, RequestInfo, UserInfo } from "../server/request_context.ts";
import { rulesAllow } from "./policy_rule.ts";

export type RbacObject = Role | ClusterRole | RoleBinding | ClusterRoleBinding;
type Binding = RoleBinding | ClusterRoleBinding;

/** What a user may do in a namespace, and what could not be found out. */
export interface ResolvedRules {
  readonly rules: readonly PolicyRule[];
  readonly errors: readonly string[];
}

/**
 * Decides by roles and bindings (rbac.authorization.k8s.io/v1), all held in memory and filed by subject, so that a
 * decision looks only at the bindings of the user and its groups. Fed by `change`, from the watch cache.
 */
export class RbacAuthorizer implements Authorizer {
  readonly name = "RBAC";
  readonly #roles = new Map<string, readonly PolicyRule[]>();
  readonly #clusterRoles = new Map<string, readonly PolicyRule[]>();
  readonly #clusterBindings = new BindingIndex();
  readonly #bindings = new Map<string, BindingIndex>();

  /** Tells of a role or binding as it is now; undefined: gone. `previous` is what was told last of it. */
  change(object: KubeObject | undefined, previous?: KubeObject): void {
    const { kind, metadata } = (object ?? previous) as RbacObject;
    const { namespace = "", name = "" } = metadata;
    switch (kind) {
      case "Role":
        return this.#setRules(this.#roles, `${namespace}/${name}`, object as Role);
      case "ClusterRole":
        return this.#setRules(this.#clusterRoles, name, object as ClusterRole);
      case "ClusterRoleBinding":
        return this.#clusterBindings.set(name, object as ClusterRoleBinding);
      case "RoleBinding": {
        let index = this.#bindings.get(namespace);
        if (!index) this.#bindings.set(namespace, index = new BindingIndex());
        index.set(name, object as RoleBinding);
        if (index.isEmpty) this.#bindings.delete(namespace);
      }
    }
  }

  authorize(user: UserInfo, info: RequestInfo): Decision {
    const errors: string[] = [];
    const subjects = subjectKeys(user);
    for (const { binding, subject } of this.#bindingsOf(subjects, info.namespace)) {
      const rules = this.rulesOfRole(binding.roleRef, binding.metadata.namespace);
      if (rules === undefined) errors.push(missingRole(binding.roleRef));
      else if (rulesAllow(rules, info)) {
        return { decision: "Allow", reason: `RBAC: allowed by ${describe(binding, subject)}` };
      }
    }
    if (errors.length === 0) return { decision: "NoOpinion" };
    return { decision: "NoOpinion", reason: `RBAC: ${aggregate(errors)}` };
  }

  /** Every rule that applies to `user`, cluster-wide and in `namespace` ("" for none). */
  rulesFor(user: UserInfo, namespace: string): ResolvedRules {
    const rules: PolicyRule[] = [];
    const errors: string[] = [];
    for (const { binding } of this.#bindingsOf(subjectKeys(user), namespace)) {
      const found = this.rulesOfRole(binding.roleRef, binding.metadata.namespace);
      if (found) rules.push(...found);
      else errors.push(missingRole(binding.roleRef));
    }
    return { rules, errors };
  }

  /** The rules of the role that a binding in `namespace` refers to; undefined if there is no such role. */
  rulesOfRole(ref: RoleRef, namespace: string | undefined): readonly PolicyRule[] | undefined {
    return ref.kind === "ClusterRole"
      ? this.#clusterRoles.get(ref.name)
      : this.#roles.get(`${namespace ?? ""}/${ref.name}`);
  }

  #setRules(
    rules: Map<string, readonly PolicyRule[]>,
    key: string,
    role: Role | ClusterRole | undefined,
  ): void {
    if (role) rules.set(key, role.rules ?? []);
    else rules.delete(key);
  }

  *#bindingsOf(subjects: readonly string[], namespace: string): Iterable<BoundSubject> {
    yield* this.#clusterBindings.of(subjects);
    if (namespace !== "") yield* this.#bindings.get(namespace)?.of(subjects) ?? [];
  }
}

/** A binding together with the one of its subjects that matched. */
interface BoundSubject {
  readonly binding: Binding;
  readonly subject: Subject;
}

/** The bindings of one namespace, or of the cluster, filed by what a user is recognised by. */
class BindingIndex {
  readonly #byName = new Map<string, Binding>();
  readonly #bySubject = new Map<string, Map<string, BoundSubject>>();

  set(name: string, binding: Binding | undefined): void {
    const old = this.#byName.get(name);
    for (const subject of old?.subjects ?? []) this.#forget(keyOf(subject, old!), name);
    this.#byName.delete(name);
    if (!binding) return;
    this.#byName.set(name, binding);
    for (const subject of binding.subjects ?? []) {
      const key = keyOf(subject, binding);
      let bound = this.#bySubject.get(key);
      if (!bound) this.#bySubject.set(key, bound = new Map());
      // The first of two subjects that mean the same is the one that reasons name.
      if (!bound.has(name)) bound.set(name, { binding, subject });
    }
  }

  /** Each binding once, also if several subjects match. */
  *of(keys: readonly string[]): Iterable<BoundSubject> {
    const seen = new Set<Binding>();
    for (const key of keys) {
      for (const bound of this.#bySubject.get(key)?.values() ?? []) {
        if (seen.has(bound.binding)) continue;
        seen.add(bound.binding);
        yield bound;
      }
    }
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  #forget(key: string, name: string): void {
    const bound = this.#bySubject.get(key);
    bound?.delete(name);
    if (bound?.size === 0) this.#bySubject.delete(key);
  }
}

function subjectKeys(user: UserInfo): readonly string[] {
  return [`User ${user.name}`, ...user.groups.map((group) => `Group ${group}`)];
}

/** A service account is the user of its name. */
function keyOf(subject: Subject, binding: Binding): string {
  if (subject.kind !== "ServiceAccount") return `${subject.kind} ${subject.name}`;
  const namespace = subject.namespace || binding.metadata.namespace || "";
  return `User system:serviceaccount:${namespace}:${subject.name}`;
}

function describe(binding: Binding, subject: Subject): string {
  const { namespace, name = "" } = binding.metadata;
  const { kind, name: role } = binding.roleRef;
  const bindingName = namespace ? `${name}/${namespace}` : name;
  const subjectName = subject.kind === "ServiceAccount"
    ? `${subject.name}/${subject.namespace || namespace || ""}`
    : subject.name;
  return `${namespace ? "RoleBinding" : "ClusterRoleBinding"} ${JSON.stringify(bindingName)} of ` +
    `${kind} ${JSON.stringify(role)} to ${subject.kind} ${JSON.stringify(subjectName)}`;
}

function missingRole(ref: RoleRef): string {
  return `${ref.kind.toLowerCase()}.rbac.authorization.k8s.io ${
    JSON.stringify(ref.name)
  } not found`;
}

function aggregate(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(", ")}]`;
}
