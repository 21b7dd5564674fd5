import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
} from "../../../shared/api/core/v1/types.gen.ts";
import { compile, type LabelOperator, type Labels } from "../../../shared/meta/labels.ts";

const operators: Readonly<Record<string, LabelOperator>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
  Gt: "gt",
  Lt: "lt",
};

/** Whether the node is one that the pod's `nodeSelector` and required node affinity allow. */
export function allowsNode(spec: PodSpec | undefined, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(spec?.nodeSelector ?? {})) {
    if (labels[key] !== value) return false;
  }
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || required.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

/** A term without any requirement matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node) {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields = { "metadata.name": node.metadata.name! };
  return matches(matchExpressions, node.metadata.labels) && matches(matchFields, fields);
}

function matches(requirements: readonly NodeSelectorRequirement[], labels: Labels): boolean {
  const compiled = requirements.map(({ key, operator, values }) => ({
    key,
    operator: operators[operator]!,
    values: values ?? [],
  }));
  return compiled.every(({ operator }) => operator) && compile(compiled).matches(labels);
}
