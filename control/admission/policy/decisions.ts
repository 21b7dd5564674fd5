import {
  type AuthorizationAnswer,
  type AuthorizationCheck,
  AuthorizerValue,
  ResourceCheckValue,
} from "../../../shared/cel/library/authorizer.ts";
import type { Authorizer, Decision, RequestInfo, UserInfo } from "../../server/request_context.ts";
import type { Attributes } from "../plugin.ts";

/** An authorizer that asks others has to be waited for; the evaluation is given up and begun again then. */
class Pending extends Error {
  override readonly name = "Pending";
  constructor(readonly key: string, readonly decision: Promise<Decision>) {
    super("a decision is awaited");
  }
}

/**
 * What `authorizer` answers in the expressions about one request. Expressions are evaluated in one go, authorizers may
 * take their time: `run` evaluates again with each answer that had to be waited for. Answers are remembered.
 */
export class Decisions {
  readonly #authorizer: Authorizer;
  readonly #user: UserInfo;
  readonly #answers = new Map<string, AuthorizationAnswer>();
  /** The variable `authorizer`. */
  readonly value: AuthorizerValue;

  constructor(authorizer: Authorizer, user: UserInfo) {
    this.#authorizer = authorizer;
    this.#user = user;
    this.value = new AuthorizerValue((check) => this.#answer(check));
  }

  /** The variable `authorizer.requestResource`: the check for what the request is about. */
  requestResource({ kind, subresource, namespace, name }: Attributes): ResourceCheckValue {
    return new ResourceCheckValue(this.value, {
      group: kind.group,
      resource: kind.plural,
      subresource,
      namespace,
      name,
      fieldSelector: "",
      labelSelector: "",
    });
  }

  /** Runs what evaluates expressions; it is repeated and must do nothing else. */
  async run<T>(evaluate: () => T): Promise<T> {
    for (;;) {
      try {
        return evaluate();
      } catch (error) {
        if (!(error instanceof Pending)) throw error;
        this.#answers.set(error.key, await settled(error.decision));
      }
    }
  }

  #answer(check: AuthorizationCheck): AuthorizationAnswer {
    const key = JSON.stringify(check);
    const known = this.#answers.get(key);
    if (known) return known;
    const answer = this.#ask(key, check);
    this.#answers.set(key, answer);
    return answer;
  }

  #ask(key: string, check: AuthorizationCheck): AuthorizationAnswer {
    const { serviceAccount } = check;
    const user = serviceAccount ? serviceAccountUser(serviceAccount) : this.#user;
    let decision: Decision | Promise<Decision>;
    try {
      decision = this.#authorizer.authorize(user, requestInfoOf(check));
    } catch (error) {
      return failed(error);
    }
    if (decision instanceof Promise) throw new Pending(key, decision);
    return answerOf(decision);
  }
}

async function settled(decision: Promise<Decision>): Promise<AuthorizationAnswer> {
  try {
    return answerOf(await decision);
  } catch (error) {
    return failed(error);
  }
}

function answerOf({ decision, reason = "" }: Decision): AuthorizationAnswer {
  return { allowed: decision === "Allow", reason };
}

function failed(error: unknown): AuthorizationAnswer {
  return {
    allowed: false,
    reason: "",
    error: error instanceof Error ? error.message : String(error),
  };
}

function serviceAccountUser(
  { namespace, name }: { readonly namespace: string; readonly name: string },
): UserInfo {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
  return { name: `system:serviceaccount:${namespace}:${name}`, groups };
}

function requestInfoOf({ verb, path, resource }: AuthorizationCheck): RequestInfo {
  const { fieldSelector = "", labelSelector = "" } = resource ?? {};
  return {
    isResource: resource !== undefined,
    verb,
    path: path ?? "",
    group: resource?.group ?? "",
    version: resource ? "*" : "",
    resource: resource?.resource ?? "",
    subresource: resource?.subresource ?? "",
    rest: "",
    namespace: resource?.namespace ?? "",
    name: resource?.name ?? "",
    ...(fieldSelector && { fieldSelector }),
    ...(labelSelector && { labelSelector }),
  };
}
