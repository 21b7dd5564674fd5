/** The most that one evaluation may cost. Source: k8s.io/apiserver/pkg/apis/cel. */
export const PER_CALL_LIMIT = 1_000_000;
/** The most that all rules for one custom resource, or all expressions of one policy binding, may cost together. */
export const RUNTIME_COST_BUDGET = 10_000_000;
/** The most that the match conditions of one webhook or policy may cost together. */
export const MATCH_CONDITIONS_BUDGET = 2_500_000;
/** The size of a request that estimates go by, in bytes. */
export const MAX_REQUEST_BYTES = 3 * 1024 * 1024;
/** The longest text that a messageExpression may come to, in bytes. */
export const MAX_MESSAGE_BYTES = 5 * 1024;
/** The longest expression that is parsed, in code points. */
export const MAX_EXPRESSION_LENGTH = 100_000;
/** How deep expressions may be nested. */
export const MAX_RECURSION = 250;
