import { Buffer } from "node:buffer";
import { type FieldError, invalid, required } from "../../../shared/meta/field_error.ts";
import {
  checkFields,
  type DocumentText,
  readDocument,
} from "../../configuration/config_document.ts";
import { identity, type ProviderName, providers, type Transformer } from "./transformer.ts";

interface Key {
  readonly name?: string;
  readonly secret?: string;
}
interface Provider {
  readonly aescbc?: { readonly keys?: readonly Key[] };
  readonly aesgcm?: { readonly keys?: readonly Key[] };
  readonly secretbox?: { readonly keys?: readonly Key[] };
  readonly identity?: object;
}
interface Rule {
  readonly resources?: readonly string[];
  readonly providers?: readonly Provider[];
}

/** How values of some resources are stored: written by the first transformer, read by any. */
export interface EncryptionRule {
  /** `plural`, `plural.group`, `*.` (the core group), `*.group` or `*.*`. */
  readonly resources: readonly string[];
  readonly transformers: readonly Transformer[];
}

const keys = {
  fields: { keys: { list: { fields: { name: "string", secret: "secret" } } } },
} as const;

/**
 * Reads an EncryptionConfiguration (apiserver.config.k8s.io/v1). Throws ConfigError for one that could not be kept;
 * its message never holds a key.
 */
export function readEncryptionConfiguration(file: DocumentText): readonly EncryptionRule[] {
  const { resources = [] } = readDocument<{ readonly resources?: readonly Rule[] }>(file, {
    kind: "EncryptionConfiguration",
    apiVersions: ["apiserver.config.k8s.io/v1"],
    fields: {
      resources: {
        list: {
          fields: {
            resources: { list: "string" },
            providers: {
              list: {
                fields: { aescbc: keys, aesgcm: keys, secretbox: keys, identity: { fields: {} } },
              },
            },
          },
        },
      },
    },
  });
  checkFields(file, [
    ...(resources.length === 0 ? [atLeastOne("resources")] : []),
    ...resources.flatMap((rule, i) => ruleErrors(rule, `resources[${i}]`)),
  ]);
  return resources.map(({ resources = [], providers = [] }) => ({
    resources,
    transformers: providers.flatMap(transformersOf),
  }));
}

function transformersOf(provider: Provider): Transformer[] {
  const name = methodOf(provider);
  if (name === undefined) return [identity];
  return (provider[name]!.keys ?? []).map((key) =>
    providers[name].make(key.name!, new Uint8Array(Buffer.from(key.secret!, "base64")))
  );
}

function methodOf(provider: Provider): ProviderName | undefined {
  return (Object.keys(providers) as ProviderName[]).find((name) => provider[name] !== undefined);
}

function ruleErrors({ resources = [], providers: given = [] }: Rule, path: string): FieldError[] {
  return [
    ...(resources.length === 0 ? [atLeastOne(`${path}.resources`)] : []),
    ...overlapErrors(resources, `${path}.resources`),
    ...resources.flatMap((name, i) => nameErrors(name, `${path}.resources[${i}]`)),
    ...(given.length === 0 ? [atLeastOne(`${path}.providers`)] : []),
    ...given.flatMap((provider, i) => providerErrors(provider, `${path}.providers[${i}]`)),
  ];
}

function atLeastOne(path: string): FieldError {
  return required(path, `at least one ${path} is required`);
}

/** Why a name may not stand in the list; rules are tried in this order. */
const nameRules: readonly (readonly [rule: RegExp, why: string])[] = [
  [/[A-Z]/, "resource name should not contain capital letters"],
  [
    /^\*$/,
    "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources",
  ],
  [
    /^(apiserveripinfo|serviceipallocations|servicenodeportallocations)$/,
    "resources which do not have REST API/s cannot be encrypted",
  ],
  [
    /^[^.]*\.events\.k8s\.io$/,
    "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file",
  ],
  [/^[^.]*\.extensions$/, "'extensions' group has been removed and cannot be used for encryption"],
  [/^[^*.][^.]*\.\*$/, "encrypting the same resource across groups is not supported"],
];

function nameErrors(name: string, path: string): FieldError[] {
  const broken = nameRules.find(([rule]) => rule.test(name));
  return broken ? [invalid(path, name, broken[1])] : [];
}

function overlapErrors(resources: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (new Set(resources).size < resources.length) {
    errors.push(invalid(path, resources, "the same resource cannot be specified multiple times"));
  }
  const groups = [...new Set(resources)].map((name) => splitResource(name));
  const masked = groups.some(([plural, group], i) =>
    plural === "*" && groups.some(([, other], j) => i !== j && (group === "*" || group === other))
  );
  if (masked) {
    const why =
      "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked";
    errors.push(invalid(path, resources, why));
  }
  return errors;
}

/** `plural.group` taken apart; the core group is "". */
export function splitResource(name: string): [plural: string, group: string] {
  const dot = name.indexOf(".");
  return dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
}

function providerErrors(provider: Provider, path: string): FieldError[] {
  const names = Object.keys(provider);
  if (names.length === 0) {
    return [required(path, "one of aescbc, aesgcm, secretbox, identity is required")];
  }
  if (names.length > 1) {
    return [
      required(
        path,
        "more than one provider specified in a single element, should split into different list elements",
      ),
    ];
  }
  const name = methodOf(provider);
  if (name === undefined) return [];
  const at = `${path}.${name}.keys`;
  const given = provider[name]?.keys ?? [];
  if (given.length === 0) return [required(at, "at least one keys is required")];
  return given.flatMap((key, i) => keyErrors(key, `${at}[${i}]`, providers[name].keySizes));
}

function keyErrors({ name, secret }: Key, path: string, sizes: readonly number[]): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(`${path}.name`, "name is a mandatory field for a key"));
  if (!secret) errors.push(required(`${path}.secret`, "secret is a mandatory field for a key"));
  else if (!/^[A-Za-z0-9+/]+={0,2}$/.test(secret) || secret.length % 4 !== 0) {
    errors.push(invalid(`${path}.secret`, "REDACTED", "secrets must be base64 encoded"));
  } else {
    const size = Buffer.from(secret, "base64").length;
    if (!sizes.includes(size)) {
      const why = `secret is not of the expected length, got ${size}, expected one of [${
        sizes.join(" ")
      }]`;
      errors.push(invalid(`${path}.secret`, "REDACTED", why));
    }
  }
  return errors;
}
