import type {
  ParamKind,
  ParamRef,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import { apiVersionOf, type KindDefinition, type KubeObject } from "../../../shared/api/kind.ts";
import { fromLabelSelector } from "../../../shared/meta/labels.ts";
import { groupVersionOf } from "../../../shared/meta/object_meta.ts";
import { fromStored } from "../../registry/versions.ts";
import type { ServedKinds } from "../match/registry_equivalents.ts";
import type { AdmissionReader } from "../plugin.ts";

/** The parameters of a policy cannot be found. What that means is for its failurePolicy. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

export interface ParamSources {
  readonly reader: AdmissionReader;
  readonly served: ServedKinds;
}

/** The kind of a policy's parameters; undefined if the policy has none. Throws ConfigurationError if it is not served. */
export function paramKindOf(
  paramKind: ParamKind | undefined,
  served: ServedKinds,
): KindDefinition | undefined {
  if (!paramKind) return undefined;
  const { apiVersion = "", kind: name = "" } = paramKind;
  for (const { kind } of served.all()) {
    if (kind.kind === name && apiVersionOf(kind) === apiVersion) return kind;
  }
  const { group, version } = groupVersionOf(apiVersion);
  throw new ConfigurationError(
    `failed to find resource referenced by paramKind: '${group}/${version}, Kind=${name}'`,
  );
}

/**
 * The objects that a binding gives its policy, each of which is judged by; null where nobody names any. `namespace` is that
 * of the request. Throws ConfigurationError.
 */
export function paramsOf(
  kind: KindDefinition | undefined,
  reference: ParamRef | undefined,
  { namespace, sources }: { readonly namespace: string; readonly sources: ParamSources },
): readonly (KubeObject | null)[] {
  if (!kind || !reference) return [null];
  const found = findParams(kind, reference, { namespace, sources });
  if (found.length === 0 && reference.parameterNotFoundAction === "Deny") {
    throw new ConfigurationError(
      "no params found for policy binding with `Deny` parameterNotFoundAction",
    );
  }
  return found.map((object) => fromStored(kind, structuredClone(object)));
}

function findParams(
  kind: KindDefinition,
  reference: ParamRef,
  { namespace, sources }: { readonly namespace: string; readonly sources: ParamSources },
): readonly KubeObject[] {
  const { reader } = sources;
  const group = kind.storedAs?.group ?? kind.group;
  const own = reference.namespace ?? "";
  let from = "";
  if (kind.scope === "Namespaced") {
    from = own || namespace;
    if (from === "") {
      throw new ConfigurationError(
        "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources",
      );
    }
  } else if (own !== "") {
    throw new ConfigurationError(
      "paramRef.namespace must not be provided for a cluster-scoped `paramKind`",
    );
  }
  if (reference.name) {
    const object = reader.get(group, kind.plural, from, reference.name);
    return object ? [object] : [];
  }
  if (!reference.selector) throw new ConfigurationError("one of name or selector must be provided");
  const matcher = fromLabelSelector(reference.selector);
  const all = reader.list(group, kind.plural, kind.scope === "Namespaced" ? from : undefined);
  return all.filter(({ metadata }) => matcher.matches(metadata.labels));
}
