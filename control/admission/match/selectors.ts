import type { Namespace } from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import { fromLabelSelector, type Labels } from "../../../shared/meta/labels.ts";
import type { LabelSelector } from "../../../shared/meta/types.gen.ts";
import type { AdmissionReader, Attributes } from "../plugin.ts";
import { missing } from "../refusal.ts";

/**
 * Whether the namespace of the request is selected. A request for an object of the cluster always is, unless it is for a
 * namespace: then that namespace's labels count, on create and update the new ones. Throws StatusError `NotFound` if
 * the namespace does not exist.
 */
export function namespaceSelected(
  selector: LabelSelector | undefined,
  attributes: Attributes,
  reader: AdmissionReader,
): boolean {
  const { namespace, name, kind } = attributes;
  const isNamespace = kind.group === "" && kind.plural === "namespaces";
  if (namespace === "" && !isNamespace) return true;
  const matcher = fromLabelSelector(selector);
  if (selector && matcher.requirements.length === 0) return true;
  return matcher.matches(labelsOf(namespace || name, isNamespace, { attributes, reader }));
}

function labelsOf(
  name: string,
  isNamespace: boolean,
  { attributes, reader }: { readonly attributes: Attributes; readonly reader: AdmissionReader },
): Labels {
  const { operation, subresource, object } = attributes;
  const written = operation === "CREATE" || operation === "UPDATE";
  if (isNamespace && subresource === "" && written) return object?.metadata.labels;
  const namespace = reader.get<Namespace>("", "namespaces", "", name);
  if (!namespace) throw missing("namespaces", name);
  return namespace.metadata.labels;
}

/** Whether the labels of the object, as it is to be or as it was, are selected. */
export function objectSelected(
  selector: LabelSelector | undefined,
  { object, oldObject }: Attributes,
): boolean {
  const matcher = fromLabelSelector(selector);
  if (selector && matcher.requirements.length === 0) return true;
  const selected = (one: KubeObject | undefined) =>
    one?.metadata !== undefined && matcher.matches(one.metadata.labels);
  return selected(object) || selected(oldObject);
}
