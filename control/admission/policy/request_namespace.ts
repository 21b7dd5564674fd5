import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import type { AdmissionReader, Attributes } from "../plugin.ts";
import { missing } from "../refusal.ts";

/**
 * The namespace that a request is for; undefined for objects of the cluster, namespaces among them. Throws StatusError
 * `NotFound` if it does not exist.
 */
export function requestNamespace(
  { namespace, kind }: Attributes,
  reader: AdmissionReader,
): Namespace | undefined {
  if (namespace === "" || kind.group === "" && kind.plural === "namespaces") return undefined;
  const found = reader.get<Namespace>("", "namespaces", "", namespace);
  if (!found) throw missing("namespaces", namespace);
  return found;
}
