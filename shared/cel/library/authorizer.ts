import { isDns1123Label, isDns1123Subdomain } from "../../meta/names.ts";
import {
  authorizerType,
  decisionType,
  groupCheckType,
  pathCheckType,
  resourceCheckType,
} from "../types/signature.ts";
import { CelError, type CelValue, OpaqueValue } from "../values/value.ts";
import { type Implementation, type Overload, overload } from "./function_table.ts";

/** What is asked of an authorizer: a request for a path, or for a resource. */
export interface AuthorizationCheck {
  /** Absent: whoever the authorizer stands for. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly verb: string;
  readonly path?: string;
  readonly resource?: {
    readonly group: string;
    readonly resource: string;
    readonly subresource: string;
    readonly namespace: string;
    readonly name: string;
    readonly fieldSelector: string;
    readonly labelSelector: string;
  };
}

export interface AuthorizationAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

/** Answers a check at once. Who has to wait for an answer throws, and has the expression evaluated again with it. */
export type Authorize = (check: AuthorizationCheck) => AuthorizationAnswer;

abstract class Identity extends OpaqueValue {
  equals(other: OpaqueValue): boolean {
    return this === other;
  }
}

/** The variable `authorizer`. */
export class AuthorizerValue extends Identity {
  readonly type = authorizerType;

  constructor(
    readonly authorize: Authorize,
    readonly serviceAccount?: { readonly namespace: string; readonly name: string },
  ) {
    super();
  }

  check(check: AuthorizationCheck): DecisionValue {
    const { serviceAccount } = this;
    return new DecisionValue(this.authorize({ ...serviceAccount && { serviceAccount }, ...check }));
  }
}

class PathCheckValue extends Identity {
  readonly type = pathCheckType;
  constructor(readonly authorizer: AuthorizerValue, readonly path: string) {
    super();
  }
}

class GroupCheckValue extends Identity {
  readonly type = groupCheckType;
  constructor(readonly authorizer: AuthorizerValue, readonly group: string) {
    super();
  }
}

type ResourceAttributes = NonNullable<AuthorizationCheck["resource"]>;

/** The variable `authorizer.requestResource`, or a check in the making. */
export class ResourceCheckValue extends Identity {
  readonly type = resourceCheckType;
  constructor(readonly authorizer: AuthorizerValue, readonly attributes: ResourceAttributes) {
    super();
  }

  with(change: Partial<ResourceAttributes>): ResourceCheckValue {
    return new ResourceCheckValue(this.authorizer, { ...this.attributes, ...change });
  }
}

class DecisionValue extends Identity {
  readonly type = decisionType;
  constructor(readonly answer: AuthorizationAnswer) {
    super();
  }
}

function refine(field: keyof ResourceAttributes): Implementation {
  return (check, value) => (check as ResourceCheckValue).with({ [field]: value as string });
}

function serviceAccount(authorizer: CelValue, namespace: CelValue, name: CelValue): CelValue {
  if (isDns1123Subdomain(name as string).length > 0) {
    return new CelError("Invalid service account name");
  }
  if (isDns1123Label(namespace as string).length > 0) {
    return new CelError("Invalid service account namespace");
  }
  return new AuthorizerValue((authorizer as AuthorizerValue).authorize, {
    namespace: namespace as string,
    name: name as string,
  });
}

function path(authorizer: CelValue, value: CelValue): CelValue {
  if ((value as string).trim() === "") return new CelError("path must not be empty");
  return new PathCheckValue(authorizer as AuthorizerValue, value as string);
}

function resource(group: CelValue, value: CelValue): CelValue {
  if ((value as string).trim() === "") return new CelError("resource must not be empty");
  const { authorizer, group: name } = group as GroupCheckValue;
  return new ResourceCheckValue(authorizer, {
    group: name,
    resource: value as string,
    subresource: "",
    namespace: "",
    name: "",
    fieldSelector: "",
    labelSelector: "",
  });
}

function answer(read: (answer: AuthorizationAnswer) => CelValue): Implementation {
  return (decision) => read((decision as DecisionValue).answer);
}

/** Source: "Kubernetes authorizer library" in https://kubernetes.io/docs/reference/using-api/cel/. */
export const authorizerFunctions: Readonly<Record<string, readonly Overload[]>> = {
  path: [overload("authorizer_path", "Authorizer.(string) -> PathCheck", path)],
  group: [
    overload("authorizer_group", "Authorizer.(string) -> GroupCheck", (authorizer, group) => {
      return new GroupCheckValue(authorizer as AuthorizerValue, group as string);
    }),
  ],
  serviceAccount: [
    overload(
      "authorizer_serviceaccount",
      "Authorizer.(string, string) -> Authorizer",
      serviceAccount,
    ),
  ],
  resource: [overload("groupcheck_resource", "GroupCheck.(string) -> ResourceCheck", resource)],
  subresource: [
    overload(
      "resourcecheck_subresource",
      "ResourceCheck.(string) -> ResourceCheck",
      refine("subresource"),
    ),
  ],
  namespace: [
    overload(
      "resourcecheck_namespace",
      "ResourceCheck.(string) -> ResourceCheck",
      refine("namespace"),
    ),
  ],
  name: [
    overload("resourcecheck_name", "ResourceCheck.(string) -> ResourceCheck", refine("name")),
  ],
  fieldSelector: [
    overload(
      "authorizer_fieldselector",
      "ResourceCheck.(string) -> ResourceCheck",
      refine("fieldSelector"),
    ),
  ],
  labelSelector: [
    overload(
      "authorizer_labelselector",
      "ResourceCheck.(string) -> ResourceCheck",
      refine("labelSelector"),
    ),
  ],
  check: [
    overload("pathcheck_check", "PathCheck.(string) -> Decision", (check, verb) => {
      const { authorizer, path } = check as PathCheckValue;
      return authorizer.check({ verb: verb as string, path });
    }),
    overload("resourcecheck_check", "ResourceCheck.(string) -> Decision", (check, verb) => {
      const { authorizer, attributes } = check as ResourceCheckValue;
      return authorizer.check({ verb: verb as string, resource: attributes });
    }),
  ],
  errored: [
    overload("decision_errored", "Decision.() -> bool", answer(({ error }) => error !== undefined)),
  ],
  error: [overload("decision_error", "Decision.() -> string", answer(({ error }) => error ?? ""))],
  allowed: [
    overload("decision_allowed", "Decision.() -> bool", answer(({ allowed }) => allowed)),
  ],
  reason: [overload("decision_reason", "Decision.() -> string", answer(({ reason }) => reason))],
};
