import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  required,
  tooMany,
} from "../../../shared/meta/field_error.ts";
import {
  checkFields,
  type DocumentText,
  readDocument,
} from "../../configuration/config_document.ts";

interface ClaimMapping {
  readonly claim?: string;
  readonly prefix?: string;
  readonly expression?: string;
}
export interface ClaimRule {
  readonly claim?: string;
  readonly requiredValue?: string;
  readonly expression?: string;
}

/** Whose tokens are accepted, and what they say about their bearer. */
export interface JwtAuthenticatorConfig {
  readonly issuer: {
    readonly url: string;
    readonly discoveryURL?: string;
    readonly certificateAuthority?: string;
    readonly audiences: readonly string[];
    readonly audienceMatchPolicy?: string;
  };
  readonly claimValidationRules?: readonly ClaimRule[];
  readonly claimMappings: {
    readonly username: ClaimMapping;
    readonly groups?: ClaimMapping;
    readonly uid?: ClaimMapping;
    readonly extra?: readonly object[];
  };
  readonly userValidationRules?: readonly object[];
}

export interface AnonymousConfig {
  readonly enabled?: boolean;
  readonly conditions?: readonly { readonly path: string }[];
}

export interface AuthenticationConfiguration {
  readonly jwt: readonly JwtAuthenticatorConfig[];
  readonly anonymous?: AnonymousConfig;
}

const mapping = { fields: { claim: "string", prefix: "string", expression: "string" } } as const;
const maxIssuers = 64;

/**
 * Reads an AuthenticationConfiguration (apiserver.config.k8s.io/v1). `disallowed`: issuers of our own. Throws
 * ConfigError. Expressions are refused: they would have to be evaluated for the file to mean what it says.
 */
export function readAuthenticationConfiguration(
  file: DocumentText,
  disallowed: readonly string[],
): AuthenticationConfiguration {
  const { jwt = [], anonymous } = readDocument<Partial<AuthenticationConfiguration>>(file, {
    kind: "AuthenticationConfiguration",
    apiVersions: ["apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1beta1"],
    fields: {
      jwt: { list: { fields: jwtFields } },
      anonymous: {
        fields: { enabled: "boolean", conditions: { list: { fields: { path: "string" } } } },
      },
    },
  });
  checkFields(file, [
    ...(jwt.length > maxIssuers ? [tooMany("jwt", jwt.length, maxIssuers)] : []),
    ...jwt.flatMap((one, i) => jwtErrors(one, `jwt[${i}]`, disallowed)),
    ...duplicateIssuers(jwt),
    ...anonymousErrors(anonymous),
  ]);
  return { jwt, ...(anonymous && { anonymous }) };
}

const jwtFields = {
  issuer: {
    fields: {
      url: "string",
      discoveryURL: "string",
      certificateAuthority: "string",
      audiences: { list: "string" },
      audienceMatchPolicy: "string",
    },
  },
  claimValidationRules: {
    list: {
      fields: { claim: "string", requiredValue: "string", expression: "string", message: "string" },
    },
  },
  claimMappings: {
    fields: {
      username: mapping,
      groups: mapping,
      uid: mapping,
      extra: { list: { fields: { key: "string", valueExpression: "string" } } },
    },
  },
  userValidationRules: { list: { fields: { expression: "string", message: "string" } } },
} as const;

function jwtErrors(
  config: Partial<JwtAuthenticatorConfig>,
  path: string,
  disallowed: readonly string[],
): FieldError[] {
  const { issuer, claimValidationRules = [], claimMappings, userValidationRules = [] } = config;
  return [
    ...issuerErrors(issuer ?? {}, `${path}.issuer`, disallowed),
    ...claimValidationRules.flatMap((rule, i) =>
      ruleErrors(rule, `${path}.claimValidationRules[${i}]`)
    ),
    ...mappingErrors(claimMappings ?? {}, `${path}.claimMappings`),
    ...(userValidationRules.length > 0 ? [noExpressions(`${path}.userValidationRules`)] : []),
  ];
}

function issuerErrors(
  issuer: Partial<JwtAuthenticatorConfig["issuer"]>,
  path: string,
  disallowed: readonly string[],
): FieldError[] {
  const { url = "", discoveryURL = "", audiences = [], audienceMatchPolicy: policy = "" } = issuer;
  const errors: FieldError[] = [];
  if (url === "") errors.push(required(`${path}.url`));
  else errors.push(...urlErrors(url, `${path}.url`, disallowed));
  if (discoveryURL !== "") {
    if (withoutSlash(url) === withoutSlash(discoveryURL)) {
      errors.push(
        invalid(`${path}.discoveryURL`, discoveryURL, "discoveryURL must be different from URL"),
      );
    }
    errors.push(...urlErrors(discoveryURL, `${path}.discoveryURL`, []));
  }
  if (audiences.length === 0) {
    errors.push(required(`${path}.audiences`, `at least one ${path}.audiences is required`));
  }
  for (const [i, audience] of audiences.entries()) {
    if (audience === "") errors.push(required(`${path}.audiences[${i}]`));
    if (audiences.indexOf(audience) < i) {
      errors.push(duplicate(`${path}.audiences[${i}]`, audience));
    }
  }
  const at = `${path}.audienceMatchPolicy`;
  if (audiences.length > 1 && policy !== "MatchAny") {
    errors.push(invalid(at, policy, "audienceMatchPolicy must be MatchAny for multiple audiences"));
  }
  if (audiences.length === 1 && policy !== "" && policy !== "MatchAny") {
    const why = "audienceMatchPolicy must be empty or MatchAny for single audience";
    errors.push(invalid(at, policy, why));
  }
  return errors;
}

function urlErrors(text: string, path: string, disallowed: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (why: string) => errors.push(invalid(path, text, why));
  if (disallowed.includes(text)) {
    refuse(`URL must not overlap with disallowed issuers: [${disallowed.join(" ")}]`);
  }
  if (!URL.canParse(text)) {
    refuse("it is no URL");
    return errors;
  }
  const url = new URL(text);
  if (url.protocol !== "https:") refuse("URL scheme must be https");
  if (url.username || url.password) refuse("URL must not contain a username or password");
  if (url.search) refuse("URL must not contain a query");
  if (url.hash) refuse("URL must not contain a fragment");
  return errors;
}

function ruleErrors({ claim, expression }: ClaimRule, path: string): FieldError[] {
  if (expression) return [noExpressions(`${path}.expression`)];
  return claim ? [] : [required(path, "claim or expression is required")];
}

function mappingErrors(
  mappings: Partial<JwtAuthenticatorConfig["claimMappings"]>,
  path: string,
): FieldError[] {
  const { username = {}, groups, uid, extra = [] } = mappings;
  const errors: FieldError[] = [];
  for (const [name, one] of Object.entries({ username, groups, uid })) {
    if (!one) continue;
    if (one.expression) errors.push(noExpressions(`${path}.${name}.expression`));
    else if (name === "username" && !one.claim) {
      errors.push(required(`${path}.username`, "claim or expression is required"));
    } else if (name !== "uid" && one.claim && one.prefix === undefined) {
      const why =
        "prefix is required when claim is set. It can be set to an empty string to disable prefixing";
      errors.push(required(`${path}.${name}.prefix`, why));
    } else if (!one.claim && one.prefix !== undefined) {
      errors.push(
        invalid(`${path}.${name}.prefix`, one.prefix, "prefix can't be set without claim"),
      );
    }
  }
  if (extra.length > 0) errors.push(noExpressions(`${path}.extra`));
  return errors;
}

function noExpressions(path: string): FieldError {
  return forbidden(path, "expressions are not supported");
}

function duplicateIssuers(jwt: readonly Partial<JwtAuthenticatorConfig>[]): FieldError[] {
  const fields = ["url", "discoveryURL"] as const;
  return fields.flatMap((field) => {
    const all = jwt.map(({ issuer }) => issuer?.[field] ?? "");
    return all.flatMap((url, i) =>
      url !== "" && all.indexOf(url) < i ? [duplicate(`jwt[${i}].issuer.${field}`, url)] : []
    );
  });
}

function anonymousErrors(anonymous: AnonymousConfig | undefined): FieldError[] {
  if (!anonymous || anonymous.enabled || (anonymous.conditions ?? []).length === 0) return [];
  const why = "enabled should be set to true when conditions are defined";
  return [invalid("anonymous.conditions", anonymous.conditions, why)];
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
