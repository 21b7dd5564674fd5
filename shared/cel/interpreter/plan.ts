import {
  type Call,
  type Comprehension,
  type Expr,
  type ListExpr,
  type MapExpr,
  operators,
  type Select,
  type StructExpr,
} from "../ast/expr.ts";
import type { Checked } from "../checker/check.ts";
import { callCost } from "../cost/call_cost.ts";
import { LIST_COST, MAP_COST, STRUCT_COST } from "../cost/unit_costs.ts";
import type { Environment } from "../environment.ts";
import { compilePattern } from "../library/regex.ts";
import { EntryMap, listOf } from "../values/collections.ts";
import { equals } from "../values/compare.ts";
import { display } from "../values/text.ts";
import {
  CelError,
  type CelValue,
  isError,
  isList,
  noSuchOverload,
  Optional,
  TypeValue,
} from "../values/value.ts";
import {
  type Attribute,
  choiceAttribute,
  type Evaluate,
  resultAttribute,
  variableAttribute,
} from "./attribute.ts";
import { dispatcher } from "./dispatch.ts";
import { planFold } from "./fold.ts";

/** A checked expression that cannot become a program: a constant part of it has no value. */
export class PlanError extends Error {
  override readonly name = "PlanError";
}

/** A part of a program. */
export interface Plan {
  readonly evaluate: Evaluate;
  /** Its value, if that is known already. */
  readonly constant?: CelValue;
  /** Steps can be added to it. */
  readonly attribute?: Attribute;
}

/** Conversions whose result is computed at once if their argument is a constant. */
const conversions: ReadonlySet<string> = new Set(
  "bool bytes double dyn duration int string timestamp type uint".split(" "),
);

/** Makes a program of a checked expression. Throws PlanError. */
export function planExpression(checked: Checked, environment: Environment): Plan {
  return new Planner(checked, environment).plan(checked.expr);
}

class Planner {
  readonly #checked: Checked;
  readonly #environment: Environment;

  constructor(checked: Checked, environment: Environment) {
    this.#checked = checked;
    this.#environment = environment;
  }

  plan(expr: Expr): Plan {
    const ident = this.#checked.references.get(expr.id)?.ident;
    if (ident) {
      if (ident.type.kind === "type" && !this.#environment.variables.has(ident.name)) {
        return constant(new TypeValue(ident.type.params[0]!));
      }
      return attributePlan(variableAttribute(ident.name, ident.global));
    }
    switch (expr.kind) {
      case "literal":
        return constant(expr.value);
      case "select":
        return this.#select(expr);
      case "call":
        return this.#call(expr);
      case "list":
        return this.#list(expr);
      case "map":
        return this.#map(expr);
      case "struct":
        return this.#struct(expr);
      case "comprehension":
        return this.#fold(expr);
      default:
        throw new PlanError(`unsupported expr: ${expr.kind}`);
    }
  }

  #select({ operand, field, testOnly }: Select): Plan {
    const attribute = attributeOf(this.plan(operand));
    attribute.qualify({ optional: false, testOnly, key: () => field });
    if (!testOnly) return attributePlan(attribute);
    // Whether something is there is asked for free, but for the steps up to it.
    return {
      attribute,
      evaluate: (frame) => {
        const found = attribute.resolve(frame);
        return found instanceof Optional ? found.value !== undefined : found;
      },
    };
  }

  #call(expr: Call): Plan {
    const { function: called, overloads = [], qualified } = this.#checked.references.get(expr.id) ??
      {};
    const operands = expr.target && !qualified ? [expr.target, ...expr.args] : expr.args;
    const plans = operands.map((operand) => this.plan(operand));
    switch (called?.name) {
      case operators.and:
        return { evaluate: logic(plans, false) };
      case operators.or:
        return { evaluate: logic(plans, true) };
      case operators.conditional: {
        const [condition, truthy, falsy] = plans;
        return attributePlan(
          choiceAttribute(condition!.evaluate, innerAttribute(truthy!), innerAttribute(falsy!)),
        );
      }
      case operators.index:
        return index(plans, false);
      case operators.optionalIndex:
      case operators.optionalSelect:
        return index(plans, true);
      case "or":
      case "orValue":
        if (overloads[0]?.startsWith("optional_or")) {
          return { evaluate: orElse(plans, { unwrap: overloads[0].includes("Value") }) };
        }
    }
    if (!called) throw new PlanError(`no such overload: ${expr.function}`);
    const overload = overloads.length === 1 ? overloads[0]! : "";
    if (overload === "in_list" && plans[1]!.constant !== undefined) {
      return { evaluate: membership(plans[0]!.evaluate, plans[1]!.constant) };
    }
    checkPattern(overload, plans);
    const run = dispatcher(called, overload);
    const [argument] = plans;
    if (conversions.has(called.name) && plans.length === 1 && argument!.constant !== undefined) {
      const value = run([argument!.constant]);
      if (isError(value)) throw new PlanError(value.message);
      return constant(value);
    }
    const takesErrors = called.overloads.some((one) => one.takesErrors);
    return { evaluate: call({ name: called.name, overload, plans, run, takesErrors }) };
  }

  #list({ elements, optional }: ListExpr): Plan {
    const plans = elements.map((element) => this.plan(element));
    const build = (frame: Parameters<Evaluate>[0] | undefined): CelValue => {
      const values: CelValue[] = [];
      for (const [place, plan] of plans.entries()) {
        let value = frame ? plan.evaluate(frame) : plan.constant!;
        if (isError(value)) return value;
        if (optional.has(place)) {
          if (!(value instanceof Optional)) {
            return new CelError(
              `cannot initialize optional list element from non-optional value ${display(value)}`,
            );
          }
          if (value.value === undefined) continue;
          value = value.value;
        }
        values.push(value);
      }
      return listOf(values);
    };
    if (plans.every((plan) => plan.constant !== undefined)) return constant(build(undefined));
    return { evaluate: charged(build, LIST_COST) };
  }

  #map({ entries }: MapExpr): Plan {
    const plans = entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      optional,
    }));
    const build = (frame: Parameters<Evaluate>[0] | undefined): CelValue => {
      const map = new EntryMap();
      for (const plan of plans) {
        const key = frame ? plan.key.evaluate(frame) : plan.key.constant!;
        if (isError(key)) return key;
        const value = frame ? plan.value.evaluate(frame) : plan.value.constant!;
        if (isError(value)) return value;
        const kept = plan.optional ? unwrapEntry(key, value) : value;
        if (kept === undefined) map.delete(key);
        else if (isError(kept)) return kept;
        else {
          const failure = map.set(key, kept);
          if (failure) return failure;
        }
      }
      return map;
    };
    const known = plans.every(({ key, value }) =>
      key.constant !== undefined && value.constant !== undefined
    );
    return known ? constant(build(undefined)) : { evaluate: charged(build, MAP_COST) };
  }

  #struct({ typeName, fields }: StructExpr): Plan {
    const name = typeName.replace(/^\./, "");
    const definition = this.#environment.struct(name);
    if (!definition?.create) throw new PlanError(`unknown type: ${name}`);
    const plans = fields.map((field) => ({ ...field, plan: this.plan(field.value) }));
    const build: Evaluate = (frame) => {
      const values = new Map<string, CelValue>();
      for (const { name, optional, plan } of plans) {
        const value = plan.evaluate(frame);
        if (isError(value)) return value;
        const kept = optional ? unwrapEntry(name, value) : value;
        if (kept !== undefined && isError(kept)) return kept;
        if (kept !== undefined) values.set(name, kept);
      }
      return definition.create!(values);
    };
    return { evaluate: charged(build, STRUCT_COST) };
  }

  #fold(expr: Comprehension): Plan {
    return {
      evaluate: planFold(expr, {
        range: this.plan(expr.range).evaluate,
        init: this.plan(expr.init).evaluate,
        condition: this.plan(expr.condition).evaluate,
        step: this.plan(expr.step).evaluate,
        result: this.plan(expr.result).evaluate,
      }),
    };
  }
}

function constant(value: CelValue): Plan {
  return { evaluate: () => value, constant: value };
}

/** An attribute as an expression: one for itself, unless it is a choice. */
function attributePlan(attribute: Attribute): Plan {
  const evaluate: Evaluate = attribute.conditional ? attribute.resolve : (frame) => {
    const value = attribute.resolve(frame);
    frame.tracker.charge(1);
    return value;
  };
  return { evaluate, attribute };
}

/** The attribute to add steps to. */
function attributeOf(plan: Plan): Attribute {
  return plan.attribute ?? resultAttribute(plan.evaluate);
}

/** The attribute as a branch of a choice. */
function innerAttribute(plan: Plan): Attribute {
  return attributeOf(plan);
}

function index([operand, key]: readonly Plan[], optional: boolean): Plan {
  const attribute = attributeOf(operand!);
  // A key that is an attribute itself is charged as the step that it is.
  const evaluate = key!.attribute ? key!.attribute.resolve : key!.evaluate;
  attribute.qualify({ optional, testOnly: false, key: evaluate });
  return attributePlan(attribute);
}

/** `&&` and `||`: errors count only if nothing else decides. */
function logic(terms: readonly Plan[], decisive: boolean): Evaluate {
  return (frame) => {
    let error: CelError | undefined;
    for (const term of terms) {
      const value = term.evaluate(frame);
      if (value === decisive) return decisive;
      if (typeof value !== "boolean") error ??= isError(value) ? value : noSuchOverload();
    }
    return error ?? !decisive;
  };
}

/** `a.or(b)`, `a.orValue(b)`: the second is evaluated only if the first holds nothing. */
function orElse(
  [first, second]: readonly Plan[],
  { unwrap }: { readonly unwrap: boolean },
): Evaluate {
  return (frame) => {
    const value = first!.evaluate(frame);
    if (isError(value)) return value;
    if (!(value instanceof Optional)) return noSuchOverload();
    if (value.value === undefined) return second!.evaluate(frame);
    return unwrap ? value.value : value;
  };
}

/** `x in [constants]`: free, as the list is known. */
function membership(element: Evaluate, list: CelValue): Evaluate {
  const elements = isList(list) ? Array.from({ length: list.size }, (_, at) => list.at(at)) : [];
  return (frame) => {
    const value = element(frame);
    return isError(value) ? value : elements.some((one) => equals(value, one));
  };
}

const patterned: ReadonlySet<string> = new Set([
  "matches",
  "matches_string",
  "string_find_string",
  "string_find_all_string",
  "string_find_all_string_int",
]);

/** A pattern that is a constant must be one. */
function checkPattern(overload: string, plans: readonly Plan[]): void {
  const pattern = patterned.has(overload) ? plans[1]?.constant : undefined;
  if (typeof pattern !== "string") return;
  const compiled = compilePattern(pattern);
  if (compiled instanceof CelError) throw new PlanError(compiled.message);
}

function unwrapEntry(key: CelValue, value: CelValue): CelValue | undefined {
  if (value instanceof Optional) return value.value;
  return new CelError(
    `cannot initialize optional entry '${display(key)}' from non-optional value ${display(value)}`,
  );
}

function charged(build: Evaluate, cost: number): Evaluate {
  return (frame) => {
    const value = build(frame);
    frame.tracker.charge(cost);
    return value;
  };
}

interface PlannedCall {
  readonly name: string;
  readonly overload: string;
  readonly plans: readonly Plan[];
  readonly run: (args: readonly CelValue[]) => CelValue;
  readonly takesErrors: boolean;
}

function call({ name, overload, plans, run, takesErrors }: PlannedCall): Evaluate {
  const equality = name === operators.equals || name === operators.notEquals;
  const id = name === operators.equals
    ? "equals"
    : name === operators.notEquals
    ? "not_equals"
    : overload;
  // Calls of three and more stop at the first argument that is an error.
  const eager = plans.length <= 2;
  return (frame) => {
    const args: CelValue[] = [];
    let error: CelError | undefined;
    for (const plan of plans) {
      const value = plan.evaluate(frame);
      args.push(value);
      if (!isError(value) || takesErrors) continue;
      error ??= value;
      if (!eager) break;
    }
    const result = error ??
      (equality ? equals(args[0]!, args[1]!) === (name === operators.equals) : run(args));
    if (args.length === plans.length) {
      frame.tracker.charge(callCost({ function: name, overload: id, args, result }));
    }
    return result;
  };
}
