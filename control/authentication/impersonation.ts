import { StatusError } from "../../shared/meta/status_error.ts";
import { forbiddenError } from "../authorization/forbidden.ts";
import { PRIVILEGED_GROUP } from "../authorization/union.ts";
import {
  anonymous,
  type Authorizer,
  type RequestInfo,
  type UserInfo,
} from "../server/request_context.ts";
import { BoundedCache } from "../../shared/cache/bounded_cache.ts";
import { parseNodeUser, parseServiceAccountUser, serviceAccountGroups } from "./service_account.ts";

const GROUP = "authentication.k8s.io";
const EXTRA_PREFIX = "impersonate-extra-";
const NODE_NAME = "authentication.kubernetes.io/node-name";
const ASSOCIATED_KEYS = "authentication.kubernetes.io/associated-node-keys";
/** From this many groups or extra values on, one check for all of them (`*`) is tried first. */
const MANY = 4;

/** Whom the caller wants to be, as the headers say. */
interface WantedUser {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

/** A way in which impersonation may be allowed (KEP-5284); they are tried in the order of `modes`. */
interface Mode {
  readonly name: "associated-node" | "arbitrary-node" | "serviceaccount" | "user-info" | "legacy";
  applies(wanted: WantedUser, requestor: UserInfo): boolean;
}
const modes: readonly Mode[] = [
  {
    name: "associated-node",
    applies(wanted, { name, extra }) {
      const node = nameOnly(wanted) ? parseNodeUser(wanted.name) : undefined;
      return node !== undefined && parseServiceAccountUser(name) !== undefined &&
        extra?.[NODE_NAME]?.length === 1 && extra[NODE_NAME][0] === node;
    },
  },
  {
    name: "arbitrary-node",
    applies: (wanted) => nameOnly(wanted) && parseNodeUser(wanted.name) !== undefined,
  },
  {
    name: "serviceaccount",
    applies: (wanted) => nameOnly(wanted) && parseServiceAccountUser(wanted.name) !== undefined,
  },
  {
    name: "user-info",
    applies: ({ name }) =>
      parseNodeUser(name) === undefined && parseServiceAccountUser(name) === undefined,
  },
  { name: "legacy", applies: () => true },
];

/**
 * Lets callers act as somebody else, if they may: `Impersonate-User`, `-Group`, `-Uid`, `-Extra-…`. Constrained
 * modes first, then the old `impersonate` verb (KEP-5284); the mode that let a caller through last is tried first.
 */
export class Impersonator {
  readonly #authorizer: Authorizer;
  readonly #lastMode = new BoundedCache<string, Mode>(1024);

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  /**
   * The user that the request is to be treated as: `requestor` itself if no header asks for more. `headers`: names
   * and values, a repeated header once for each value or, in `Headers`, joined by ", ". Rejects with `StatusError`.
   */
  async effectiveUser(
    headers: Headers | Iterable<readonly [string, string]>,
    requestor: UserInfo,
    info: RequestInfo,
  ): Promise<UserInfo> {
    const wanted = readHeaders(headers instanceof Headers ? separate(headers) : headers);
    if (!wanted) return requestor;
    const key = JSON.stringify([requestor.name, requestor.uid, requestor.groups]);
    const last = this.#lastMode.get(key);
    const order = last ? [last, ...modes.filter((mode) => mode !== last)] : modes;
    let refused: StatusError | undefined;
    for (const mode of order) {
      if (!mode.applies(wanted, requestor)) continue;
      try {
        const user = await this.#check(mode, wanted, requestor, info);
        this.#lastMode.set(key, mode);
        return user;
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        refused ??= error;
      }
    }
    throw refused!;
  }

  async #check(
    mode: Mode,
    wanted: WantedUser,
    requestor: UserInfo,
    info: RequestInfo,
  ): Promise<UserInfo> {
    const asker = mode.name === "associated-node" ? withoutExtra(requestor) : requestor;
    const constrained = mode.name !== "legacy";
    if (constrained) {
      await this.#require(asker, { ...info, verb: `impersonate-on:${mode.name}:${info.verb}` });
    }
    const verb = constrained ? `impersonate:${mode.name}` : "impersonate";
    const group = constrained ? GROUP : "";
    await this.#require(asker, userAttributes(mode, wanted.name, verb));
    if (wanted.uid !== "") await this.#require(asker, attributes(verb, GROUP, "uids", wanted.uid));
    await this.#checkGroups(asker, wanted.groups, attributes(verb, group, "groups", ""));
    await this.#checkExtra(asker, wanted.extra, attributes(verb, GROUP, "userextras", ""));
    return effective(mode, wanted);
  }

  async #checkGroups(
    asker: UserInfo,
    groups: readonly string[],
    info: RequestInfo,
  ): Promise<void> {
    if (info.verb !== "impersonate") {
      checkConstrainedGroups(asker, groups, info);
      if (groups.length >= MANY && await this.#may(asker, { ...info, name: "*" })) return;
    }
    for (const name of groups) await this.#require(asker, { ...info, name });
  }

  async #checkExtra(
    asker: UserInfo,
    extra: WantedUser["extra"],
    info: RequestInfo,
  ): Promise<void> {
    if (info.verb !== "impersonate") {
      checkConstrainedExtra(asker, extra, info);
      const count = Math.max(extra.size, [...extra.values()].flat().length);
      const all = { ...info, subresource: "*", name: "*" };
      if (count >= MANY && await this.#may(asker, all)) return;
    }
    for (const [subresource, values] of extra) {
      for (const name of values) await this.#require(asker, { ...info, subresource, name });
    }
  }

  async #may(user: UserInfo, info: RequestInfo): Promise<boolean> {
    return (await this.#authorizer.authorize(user, info)).decision === "Allow";
  }

  async #require(user: UserInfo, info: RequestInfo): Promise<void> {
    const decision = await this.#authorizer.authorize(user, info);
    if (decision.decision !== "Allow") throw forbiddenError(user, info, decision);
  }
}

/** Groups and extra values one by one; each is authorised on its own, so splitting a name gains nothing. */
function* separate(headers: Headers): Iterable<readonly [string, string]> {
  for (const [name, value] of headers) {
    const many = name === "impersonate-group" || name.startsWith(EXTRA_PREFIX);
    if (!many) yield [name, value];
    else for (const one of value.split(", ")) yield [name, one];
  }
}

function readHeaders(headers: Iterable<readonly [string, string]>): WantedUser | undefined {
  let name = "", uid = "", asked = false;
  const groups: string[] = [];
  const extra = new Map<string, string[]>();
  for (const [header, value] of headers) {
    const key = header.toLowerCase();
    if (!key.startsWith("impersonate-")) continue;
    if (key === "impersonate-user") name ||= value;
    else if (key === "impersonate-uid") uid ||= value;
    else if (key === "impersonate-group") groups.push(value);
    else if (key.startsWith(EXTRA_PREFIX)) {
      const extraKey = unescape(key.slice(EXTRA_PREFIX.length));
      extra.set(extraKey, [...extra.get(extraKey) ?? [], value]);
    }
    asked = true;
  }
  const wanted = { name, uid, groups, extra: new Map([...extra].sort(byKey)) };
  if (name !== "") return wanted;
  if (!asked || (uid === "" && groups.length === 0 && extra.size === 0)) return undefined;
  throw new StatusError(
    "BadRequest",
    `requested ${show(wanted)} without impersonating a user name`,
  );
}

function byKey([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Header names cannot carry every character: keys come percent-encoded. */
function unescape(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** The wanted user as the reference's message shows it: a Go value. */
function show({ name, uid, groups, extra }: WantedUser): string {
  const list = (values: readonly string[]) =>
    `[]string{${values.map((value) => JSON.stringify(value)).join(", ")}}`;
  const pairs = [...extra].map(([key, values]) => `${JSON.stringify(key)}:${list(values)}`);
  return `&user.DefaultInfo{Name:${JSON.stringify(name)}, UID:${JSON.stringify(uid)}, ` +
    `Groups:${groups.length === 0 ? "[]string(nil)" : list(groups)}, ` +
    `Extra:map[string][]string${pairs.length === 0 ? "(nil)" : `{${pairs.join(", ")}}`}}`;
}

function nameOnly({ uid, groups, extra }: WantedUser): boolean {
  return uid === "" && groups.length === 0 && extra.size === 0;
}

/** Which node the account's pod runs on does not matter for the permission to act as that node. */
function withoutExtra(requestor: UserInfo): UserInfo {
  const keys = Object.keys(requestor.extra ?? {}).sort();
  return { ...requestor, extra: { [ASSOCIATED_KEYS]: keys } };
}

function attributes(verb: string, group: string, resource: string, name: string): RequestInfo {
  return {
    isResource: true,
    verb,
    path: "",
    group,
    version: "v1",
    resource,
    subresource: "",
    rest: "",
    namespace: "",
    name,
  };
}

function userAttributes(mode: Mode, name: string, verb: string): RequestInfo {
  const group = mode.name === "legacy" ? "" : GROUP;
  const account = parseServiceAccountUser(name);
  if (account) {
    const info = attributes(verb, group, "serviceaccounts", account.name);
    return { ...info, namespace: account.namespace };
  }
  const node = mode.name === "legacy" ? undefined : parseNodeUser(name);
  if (node === undefined) return attributes(verb, group, "users", name);
  return attributes(verb, group, "nodes", mode.name === "associated-node" ? "*" : node);
}

function effective(mode: Mode, wanted: WantedUser): UserInfo {
  const { name, uid, extra } = wanted;
  let groups = wanted.groups;
  const account = parseServiceAccountUser(name);
  if (account && groups.length === 0) groups = serviceAccountGroups(account.namespace);
  if (mode.name !== "legacy" && parseNodeUser(name) !== undefined) groups = ["system:nodes"];
  const everybody = name === anonymous.name
    ? "system:unauthenticated"
    : groups.includes("system:unauthenticated")
    ? undefined
    : "system:authenticated";
  if (everybody && !groups.includes(everybody)) groups = [...groups, everybody];
  return {
    name,
    groups,
    ...(uid !== "" && { uid }),
    ...(extra.size > 0 && { extra: Object.fromEntries(extra) }),
  };
}

function checkConstrainedGroups(
  asker: UserInfo,
  groups: readonly string[],
  info: RequestInfo,
): void {
  if (groups.includes("")) {
    throw refuse(asker, info, "impersonating the empty string group is not allowed");
  }
  if (groups.includes(PRIVILEGED_GROUP)) {
    const why = `impersonating the ${PRIVILEGED_GROUP} group is not allowed`;
    throw refuse(asker, { ...info, name: PRIVILEGED_GROUP }, why);
  }
}

/** Keys must be `domain/path`, in lower case, with values that are not empty. */
function checkConstrainedExtra(
  asker: UserInfo,
  extra: WantedUser["extra"],
  info: RequestInfo,
): void {
  for (const [key, values] of extra) {
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/.+$/.test(key)) {
      const shown = JSON.stringify(key);
      throw refuse(asker, info, `impersonating an invalid key in extra is not allowed: ${shown}`);
    }
    if (values.includes("")) {
      throw refuse(
        asker,
        info,
        "impersonating the empty string value in extra is not allowed",
      );
    }
  }
}

function refuse(asker: UserInfo, info: RequestInfo, reason: string): StatusError {
  return forbiddenError(asker, info, { decision: "NoOpinion", reason });
}
