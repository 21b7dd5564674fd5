import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
} from "../../../shared/api/core/v1/types.gen.ts";

/** What node selectors look at. */
export interface SelectableNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}
export type NodeMatcher = (node: SelectableNode) => boolean;

/** Compiles a selector: one of its terms must match. A term without requirements matches nothing. */
export function compileNodeSelector(selector: NodeSelector): NodeMatcher {
  const terms = selector.nodeSelectorTerms.map(compileNodeSelectorTerm);
  return (node) => terms.some((term) => term(node));
}

/** Compiles one term: all its requirements must hold. */
export function compileNodeSelectorTerm(term: NodeSelectorTerm): NodeMatcher {
  const tests = [
    ...(term.matchExpressions ?? []).map((requirement) => {
      const test = compileRequirement(requirement);
      return (node: SelectableNode) => test(labelOf(node.labels, requirement.key));
    }),
    ...(term.matchFields ?? []).map((requirement) => {
      const test = compileRequirement(requirement);
      const isName = requirement.key === "metadata.name";
      return (node: SelectableNode) => isName && test(node.name);
    }),
  ];
  if (tests.length === 0) return () => false;
  return (node) => tests.every((test) => test(node));
}

/** Compiles the plain map of a pod's `nodeSelector`. */
export function compileNodeLabels(labels: Readonly<Record<string, string>>): NodeMatcher {
  const pairs = Object.entries(labels);
  return (node) => pairs.every(([key, value]) => node.labels[key] === value);
}

/** The names of the only nodes that can match, if every term names some. */
export function nodeNamesOf(selector: NodeSelector): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const term of selector.nodeSelectorTerms) {
    const lists = (term.matchFields ?? [])
      .filter(({ key, operator }) => key === "metadata.name" && operator === "In")
      .map(({ values }) => new Set(values));
    const [first, ...rest] = lists;
    if (!first) return undefined;
    for (const name of first) if (rest.every((list) => list.has(name))) names.add(name);
  }
  return names;
}

function compileRequirement(
  { operator, values = [] }: NodeSelectorRequirement,
): (value: string | undefined) => boolean {
  const set = new Set(values);
  switch (operator) {
    case "In":
      return (value) => value !== undefined && set.has(value);
    case "NotIn":
      return (value) => value === undefined || !set.has(value);
    case "Exists":
      return (value) => value !== undefined;
    case "DoesNotExist":
      return (value) => value === undefined;
    case "Gt":
    case "Lt": {
      const bound = integerOf(values[0]);
      return (value) => {
        const actual = integerOf(value);
        if (actual === undefined || bound === undefined) return false;
        return operator === "Gt" ? actual > bound : actual < bound;
      };
    }
    default:
      return () => false;
  }
}

/** What is inherited from Object ("constructor" is a valid label key) is no label. */
function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  const value: unknown = labels[key];
  return typeof value === "string" ? value : undefined;
}

function integerOf(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[+-]?[0-9]+$/.test(text)
    ? BigInt(text.replace("+", ""))
    : undefined;
}
