import type { Call, Comprehension, Expr, ListExpr, MapExpr, Select } from "../ast/expr.ts";
import type { Checked } from "../checker/check.ts";
import { ACCUMULATOR } from "../parser/macros.ts";
import type { CelType } from "../types/cel_type.ts";
import { Duration, Timestamp, Uint } from "../values/value.ts";
import { characters } from "../values/type_of.ts";
import { LIST_COST, MAP_COST, STRUCT_COST } from "./unit_costs.ts";
import { libraryEstimate, type Operand, type PossibleCall } from "./call_estimate.ts";
import {
  addRanges,
  type CostRange,
  fixedRange,
  MAX_UINT64,
  multiplyRanges,
  uniteRanges,
  unknownRange,
  zeroRange,
} from "./cost_range.ts";
import type { SizeEstimator } from "./size_estimator.ts";
import { standardEstimate } from "./standard_estimate.ts";

/** What an evaluation of a checked expression may cost, at least and at most. Source: cel-go's checker/cost.go. */
export function estimateCost(checked: Checked, sizes: SizeEstimator = () => undefined): CostRange {
  return new Estimator(checked, sizes).cost(checked.expr);
}

/** The sizes of the keys (or indexes) and values of a container. */
export interface EntrySizes {
  readonly container: "list" | "map";
  readonly key: CostRange;
  readonly value: CostRange;
}

/** What is known of a variable of a fold. */
interface Local {
  readonly path: readonly string[];
  readonly size: CostRange | undefined;
  readonly entries: EntrySizes | undefined;
}

const nothing: CostRange = { min: MAX_UINT64, max: 0 };

class Estimator {
  readonly #checked: Checked;
  readonly #sizeAt: SizeEstimator;
  readonly #paths = new Map<number, readonly string[]>();
  readonly #sizes = new Map<number, CostRange>();
  readonly #entries = new Map<number, EntrySizes>();
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: Checked, sizes: SizeEstimator) {
    this.#checked = checked;
    this.#sizeAt = (path) => path.length === 0 ? undefined : sizes(path);
  }

  cost(expr: Expr): CostRange {
    const ident = this.#checked.references.get(expr.id)?.ident;
    if (ident) return this.#ident(expr, ident.name);
    switch (expr.kind) {
      case "select":
        return this.#select(expr);
      case "call":
        return this.#call(expr);
      case "list":
        return this.#list(expr);
      case "map":
        return this.#map(expr);
      case "struct":
        return addRanges(
          fixedRange(STRUCT_COST),
          ...expr.fields.map((one) => this.cost(one.value)),
        );
      case "comprehension":
        return isBinding(expr) ? this.#binding(expr) : this.#fold(expr);
      default:
        return zeroRange;
    }
  }

  #ident(expr: Expr, name: string): CostRange {
    this.#paths.set(expr.id, this.#local(name)?.path ?? [name]);
    return fixedRange(1);
  }

  #select(expr: Select): CostRange {
    const operand = this.cost(expr.operand);
    if (expr.testOnly) return operand;
    const { kind } = this.#type(expr.operand);
    this.#paths.set(expr.id, [...this.#path(expr.operand), expr.field]);
    return kind === "map" || kind === "struct" ? addRanges(operand, fixedRange(1)) : operand;
  }

  #call(expr: Call): CostRange {
    const { overloads = [], qualified, function: called } = this.#checked.references.get(expr.id) ??
      {};
    if (called?.name === "dyn") {
      const [arg] = expr.args;
      const cost = this.cost(arg!);
      this.#copySizes(expr, arg!);
      return addRanges(cost, fixedRange(1));
    }
    const costs = expr.args.map((arg) => this.cost(arg));
    const args = expr.args.map((arg) => this.#operand(arg));
    const receiver = expr.target && !qualified ? expr.target : undefined;
    const base = receiver ? this.cost(receiver) : zeroRange;
    const target = receiver && this.#operand(receiver);
    let cost = nothing;
    let size: CostRange | undefined;
    for (const overload of overloads) {
      const call = { function: called!.name, overload, target, args, sizeAt: this.#sizeAt };
      const estimate = this.#overload(expr, call, costs);
      cost = uniteRanges(cost, estimate.cost);
      if (estimate.size) size = size ? uniteRanges(size, estimate.size) : estimate.size;
      size = this.#indexed(expr, overload, size) ?? this.#size(expr);
    }
    if (size) this.#sizes.set(expr.id, size);
    return overloads.length === 0 ? zeroRange : addRanges(base, cost);
  }

  /** The path and size of what an index finds; `known` for other calls. */
  #indexed(expr: Call, overload: string, known: CostRange | undefined): CostRange | undefined {
    if (overload !== "index_list" && overload !== "index_map") return known;
    const [container] = expr.args;
    const step = overload === "index_list" ? "@items" : "@values";
    this.#paths.set(expr.id, [...this.#path(container!), step]);
    return this.#entrySizes(container!)?.value;
  }

  #overload(
    expr: Call,
    call: PossibleCall,
    costs: readonly CostRange[],
  ): { readonly cost: CostRange; readonly size?: CostRange } {
    const library = libraryEstimate(call);
    if (library) return { ...library, cost: addRanges(library.cost, ...costs) };
    const { cost, size, entries } = standardEstimate(call, costs, (operand) => {
      return operand.expr && this.#entrySizes(operand.expr);
    });
    if (entries) this.#entries.set(expr.id, entries);
    return { cost, ...(size && { size }) };
  }

  #list(expr: ListExpr): CostRange {
    let cost = zeroRange;
    let value = expr.elements.length === 0 ? { min: 0, max: 0 } : nothing;
    for (const element of expr.elements) {
      cost = addRanges(cost, this.cost(element));
      value = uniteRanges(value, this.#size(element) ?? unknownRange);
    }
    this.#entries.set(expr.id, { container: "list", key: fixedRange(1), value });
    return addRanges(cost, fixedRange(LIST_COST));
  }

  #map(expr: MapExpr): CostRange {
    let cost = zeroRange;
    const empty = expr.entries.length === 0;
    let key = empty ? zeroRange : nothing;
    let value = empty ? zeroRange : nothing;
    for (const entry of expr.entries) {
      cost = addRanges(cost, this.cost(entry.key), this.cost(entry.value));
      key = uniteRanges(key, this.#size(entry.key) ?? unknownRange);
      value = uniteRanges(value, this.#size(entry.value) ?? unknownRange);
    }
    this.#entries.set(expr.id, { container: "map", key, value });
    return addRanges(cost, fixedRange(MAP_COST));
  }

  #fold(expr: Comprehension): CostRange {
    const start = addRanges(this.cost(expr.range), this.cost(expr.init));
    const { accumulator, variable, variable2 } = expr;
    this.#push(accumulator, this.#bound(expr.init));
    const locals = this.#elements(expr);
    this.#push(variable, locals[0]);
    if (variable2 !== undefined) this.#push(variable2, locals[1]!);
    const loop = addRanges(this.cost(expr.condition), this.cost(expr.step));
    this.#pop(variable);
    if (variable2 !== undefined) this.#pop(variable2);
    const result = this.cost(expr.result);
    this.#pop(accumulator);
    const count = this.#size(expr.range) ?? unknownRange;
    if (expr.init.kind === "literal") {
      const size = this.#size(expr.init);
      if (size) this.#sizes.set(expr.id, size);
    } else if (expr.init.kind === "list" || expr.init.kind === "map") {
      this.#sizes.set(expr.id, count);
      const entries = this.#entrySizes(expr.step);
      if (entries) this.#entries.set(expr.id, entries);
    }
    return addRanges(start, result, multiplyRanges(count, loop));
  }

  #binding(expr: Comprehension): CostRange {
    const start = addRanges(this.cost(expr.range), this.cost(expr.init));
    this.#push(expr.accumulator, this.#bound(expr.init));
    const result = this.cost(expr.result);
    this.#pop(expr.accumulator);
    this.#copySizes(expr, expr.result);
    return addRanges(start, result);
  }

  #bound(expr: Expr): Local {
    return { path: this.#path(expr), size: this.#size(expr), entries: this.#entrySizes(expr) };
  }

  /** What the variables of a fold are: one, or two of which the first is the key. */
  #elements({ range, variable2 }: Comprehension): readonly [Local, Local?] {
    const entries = this.#entrySizes(range);
    const container = entries?.container ?? this.#type(range).kind;
    const path = this.#path(range);
    const local = (step: string, size: CostRange | undefined): Local => ({
      path: [...path, step],
      size,
      entries: undefined,
    });
    const list = container === "list";
    if (variable2 === undefined) {
      return [list ? local("@items", entries?.value) : local("@keys", entries?.key)];
    }
    return [
      local(list ? "@indices" : "@keys", entries?.key),
      local(list ? "@items" : "@values", entries?.value),
    ];
  }

  #operand(expr: Expr): Operand {
    const path = this.#path(expr);
    const hidden = path[0] === ACCUMULATOR || path[0] === "__result__";
    return { path: hidden ? [] : path, type: this.#type(expr), expr, size: this.#size(expr) };
  }

  #type(expr: Expr): CelType {
    return this.#checked.types.get(expr.id)!;
  }

  #path(expr: Expr): readonly string[] {
    const local = expr.kind === "ident" ? this.#local(expr.name) : undefined;
    return local?.path ?? this.#paths.get(expr.id) ?? [];
  }

  #size(expr: Expr): CostRange | undefined {
    const known = this.#sizes.get(expr.id) ?? literalSize(expr);
    if (known) return known;
    const outside = this.#sizeAt(this.#path(expr));
    if (outside) {
      this.#sizes.set(expr.id, outside);
      return outside;
    }
    if (isScalar(this.#type(expr))) return fixedRange(1);
    return expr.kind === "ident" ? this.#local(expr.name)?.size : undefined;
  }

  #entrySizes(expr: Expr): EntrySizes | undefined {
    return this.#entries.get(expr.id) ??
      (expr.kind === "ident" ? this.#local(expr.name)?.entries : undefined);
  }

  #copySizes(to: Expr, from: Expr): void {
    const size = this.#size(from);
    if (size) this.#sizes.set(to.id, size);
    const entries = this.#entrySizes(from);
    if (entries) this.#entries.set(to.id, entries);
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name);
    if (stack) stack.push(local);
    else this.#locals.set(name, [local]);
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop();
  }
}

/** A value under a name: a fold over nothing. */
function isBinding({ range, condition, accumulator }: Comprehension): boolean {
  return range.kind === "list" && range.elements.length === 0 && condition.kind === "literal" &&
    condition.value === false && accumulator !== "__result__";
}

function literalSize(expr: Expr): CostRange | undefined {
  if (expr.kind === "list") return fixedRange(expr.elements.length);
  if (expr.kind === "map") return fixedRange(expr.entries.length);
  if (expr.kind !== "literal") return undefined;
  const { value } = expr;
  if (typeof value === "string") return fixedRange(characters(value));
  if (value instanceof Uint8Array) return fixedRange(value.length);
  const scalar = value === null || typeof value !== "object" || value instanceof Uint ||
    value instanceof Timestamp || value instanceof Duration;
  return scalar ? fixedRange(1) : undefined;
}

const scalars: ReadonlySet<string> = new Set([
  "bool",
  "double",
  "duration",
  "int",
  "timestamp",
  "uint",
]);

/** Whether values of the type are of one size. */
function isScalar({ kind, name, params }: CelType): boolean {
  if (kind === "opaque" && name === "optional_type") return isScalar(params[0]!);
  return scalars.has(kind);
}
