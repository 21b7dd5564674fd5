import {
  CelError,
  type CelValue,
  isError,
  isList,
  isMap,
  none,
  noSuchOverload,
  Optional,
  Uint,
} from "../values/value.ts";
import { display } from "../values/text.ts";
import { typeOfValue } from "../values/type_of.ts";
import type { Frame } from "./frame.ts";

/** Evaluates one expression. */
export type Evaluate = (frame: Frame) => CelValue;

/** One step into a value: a field, a key, an index. */
export interface Qualifier {
  /** Written with `?`: what is not there gives none. */
  readonly optional: boolean;
  /** Only whether it is there is asked: `has(x.field)`. */
  readonly testOnly: boolean;
  /** The key, computed if it is no constant. */
  readonly key: Evaluate;
}

/**
 * A variable or the result of an expression with the steps into it. Steps of one chain are taken together, which is how
 * they are counted: one for the attribute, one for each step.
 */
export interface Attribute {
  /** Free of charge for the attribute itself: a choice between two. */
  readonly conditional: boolean;
  qualify(qualifier: Qualifier): void;
  resolve: Evaluate;
}

/** A variable. `global`: that of the environment, whatever is around. */
export function variableAttribute(name: string, global: boolean): Attribute {
  return chain((frame) => {
    const value = (global ? frame.root : frame).resolve(name);
    return value ?? (value === null ? null : new CelError(`no such attribute(s): ${name}`));
  });
}

/** The result of an expression. */
export function resultAttribute(operand: Evaluate): Attribute {
  return chain(operand);
}

/** One of two attributes; steps are taken in whichever it is. */
export function choiceAttribute(
  condition: Evaluate,
  truthy: Attribute,
  falsy: Attribute,
): Attribute {
  return {
    conditional: true,
    qualify(qualifier) {
      truthy.qualify(qualifier);
      falsy.qualify(qualifier);
    },
    resolve(frame) {
      const chosen = condition(frame);
      if (chosen === true) return truthy.resolve(frame);
      if (chosen === false) return falsy.resolve(frame);
      return isError(chosen) ? chosen : noSuchOverload();
    },
  };
}

function chain(start: Evaluate): Attribute {
  const qualifiers: Qualifier[] = [];
  return {
    conditional: false,
    qualify: (qualifier) => void qualifiers.push(qualifier),
    resolve: (frame) => applyAll(start(frame), qualifiers, frame),
  };
}

function applyAll(start: CelValue, qualifiers: readonly Qualifier[], frame: Frame): CelValue {
  if (isError(start) || qualifiers.length === 0) return start;
  let value: CelValue = start;
  let optional = false;
  if (start instanceof Optional) {
    if (start.value === undefined) return start;
    value = start.value;
    optional = true;
  }
  for (const qualifier of qualifiers) {
    optional ||= qualifier.optional;
    const next = applyOne(value, qualifier, { frame, optional });
    if (next === undefined) return none;
    if (isError(next)) return next;
    value = next;
  }
  return optional ? new Optional(value) : value;
}

/** The value a step further, an error, or undefined if it is optional and not there. */
function applyOne(
  value: CelValue,
  { key, testOnly }: Qualifier,
  { frame, optional }: { readonly frame: Frame; readonly optional: boolean },
): CelValue | undefined {
  const step = key(frame);
  const lenient = optional || testOnly;
  const next = isError(step) ? step : stepInto(value, step, lenient);
  // An optional step is charged for only if it leads somewhere.
  if (optional && (next === undefined || isError(next))) return next;
  frame.tracker.charge(1);
  if (!testOnly || optional) return next;
  return next !== undefined && isError(next) ? next : next !== undefined;
}

/** What `key` is in `value`; undefined only if that is allowed to be. */
function stepInto(value: CelValue, key: CelValue, lenient: boolean): CelValue | undefined {
  const missing = () => lenient ? undefined : new CelError(`no such key: ${display(key)}`);
  if (isMap(value)) {
    const found = value.get(key);
    if (found !== undefined) return found;
    if (value.sort === "object" && !lenient) return new CelError(`no such field '${display(key)}'`);
    return missing();
  }
  if (isList(value)) {
    const index = indexOf(key);
    if (isError(index)) return index;
    if (index >= 0 && index < value.size) return value.at(index);
    return lenient ? undefined : new CelError(`index out of bounds: ${display(key)}`);
  }
  return missing();
}

function indexOf(key: CelValue): number | CelError {
  if (typeof key === "bigint") return Number(key);
  const unsupported = () => new CelError(`unsupported index value ${display(key)} in list`);
  if (typeof key === "number") return Number.isSafeInteger(key) ? key : unsupported();
  if (key instanceof Uint) return key.value < 2n ** 63n ? Number(key.value) : unsupported();
  return new CelError(`unsupported index type '${typeOfValue(key).name}' in list`);
}
