import { parseRequirements } from "../../shared/meta/label_selector_parser.ts";
import { parseFieldSelector } from "../../shared/meta/fields.ts";
import { StatusError } from "../../shared/meta/status_error.ts";

/** A condition as SubjectAccessReviews carry it. */
export interface SelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: string[];
}

/**
 * A field selector of a query as requirements; undefined if it has none or cannot be read: authorizers then judge the
 * broader request.
 */
export function fieldRequirements(text: string | undefined): SelectorRequirement[] | undefined {
  return read(
    text,
    (selector) =>
      parseFieldSelector(selector).requirements.map(({ field, operator, value }) => ({
        key: field,
        operator: operator === "=" ? "In" : "NotIn",
        values: [value],
      })),
  );
}

const labelOperators: Readonly<Record<string, string>> = {
  "=": "In",
  "==": "In",
  "in": "In",
  "!=": "NotIn",
  "notin": "NotIn",
  "exists": "Exists",
  "!": "DoesNotExist",
};

/** As `fieldRequirements`, for labels. Conditions that reviews do not know are left out. */
export function labelRequirements(text: string | undefined): SelectorRequirement[] | undefined {
  return read(
    text,
    (selector) =>
      parseRequirements(selector).flatMap(({ key, operator, values }) => {
        const known = labelOperators[operator];
        if (known === undefined) return [];
        return [{ key, operator: known, ...(values.length > 0 && { values: [...values] }) }];
      }),
  );
}

function read(
  text: string | undefined,
  parse: (text: string) => SelectorRequirement[],
): SelectorRequirement[] | undefined {
  if (!text) return undefined;
  try {
    const requirements = parse(text);
    return requirements.length > 0 ? requirements : undefined;
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}
