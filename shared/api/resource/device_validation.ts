import { celEngine } from "../../cel/loading.ts";
import { anyType, boolType, sameType, typeText } from "../../cel/types/cel_type.ts";
import {
  type FieldError,
  forbidden,
  internal,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from "../../meta/field_error.ts";
import {
  isCIdentifier,
  isDns1123Subdomain,
  isLabelValue,
  isQualifiedName,
} from "../../meta/names.ts";
import type { DeviceSelector, DeviceTaint } from "./v1/types.gen.ts";

const MAX_SELECTORS = 32;
const MAX_EXPRESSION_BYTES = 10 * 1024;
const MAX_SELECTOR_COST = 1_000_000;
const MAX_IDENTIFIER_LENGTH = 32;
const effects = ["NoExecute", "NoSchedule", "None"];

/** Selectors are expressions about a device. */
export function validateSelectors(
  selectors: readonly DeviceSelector[] | undefined,
  path: string,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const count = selectors?.length ?? 0;
  if (count > MAX_SELECTORS) errors.push(tooMany(path, count, MAX_SELECTORS));
  selectors?.forEach(({ cel }, index) => {
    if (!cel) errors.push(required(`${path}[${index}].cel`));
    else errors.push(...selectorErrors(cel.expression ?? "", `${path}[${index}].cel.expression`));
  });
  return errors;
}

function selectorErrors(expression: string, path: string): readonly FieldError[] {
  if (new TextEncoder().encode(expression).length > MAX_EXPRESSION_BYTES) {
    return [tooLong(path, MAX_EXPRESSION_BYTES)];
  }
  const { compile, deviceEnvironment, deviceSizes } = celEngine();
  const compiled = compile(expression, deviceEnvironment, { sizes: deviceSizes });
  if (!compiled.ok) {
    const detail = `${compiled.stage} failed: ${compiled.issues}`;
    const internally = compiled.stage === "program instantiation";
    return [internally ? internal(path, detail) : invalid(path, expression, detail)];
  }
  const { outputType, cost } = compiled.program;
  if (!sameType(outputType, boolType) && !sameType(outputType, anyType)) {
    const detail = `must evaluate to bool or the unknown type, not ${typeText(outputType)}`;
    return [invalid(path, expression, detail)];
  }
  if (cost.max <= MAX_SELECTOR_COST) return [];
  return [forbidden(path, "too complex, exceeds cost limit")];
}

/** The name of an attribute or capacity: a C identifier, or one with a domain before it. */
export function isDeviceName(name: string): readonly string[] {
  const slash = name.indexOf("/");
  const domain = name.slice(0, Math.max(slash, 0));
  const identifier = name.slice(slash + 1);
  const messages: string[] = [];
  if (slash === 0) messages.push("the domain must not be empty");
  if (slash > 0) messages.push(...isDns1123Subdomain(domain));
  if (identifier === "") messages.push("the name must not be empty");
  else messages.push(...isCIdentifier(identifier));
  if (identifier.length > MAX_IDENTIFIER_LENGTH) {
    messages.push(`must be no more than ${MAX_IDENTIFIER_LENGTH} characters`);
  }
  return messages;
}

/** A taint on a device. */
export function validateTaint(taint: DeviceTaint, path: string): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { key = "", value = "", effect } = taint;
  for (const message of isQualifiedName(key)) errors.push(invalid(`${path}.key`, key, message));
  for (const message of isLabelValue(value)) {
    errors.push(invalid(`${path}.value`, value, message));
  }
  if (!effect) errors.push(required(`${path}.effect`));
  else if (!effects.includes(effect)) {
    errors.push(notSupported(`${path}.effect`, effect, effects));
  }
  return errors;
}
