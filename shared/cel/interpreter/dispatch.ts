import type { CelFunction, Overload } from "../library/function_table.ts";
import { fitsOverload } from "../library/runtime_types.ts";
import { typeOfValue } from "../values/type_of.ts";
import { CelError, type CelValue } from "../values/value.ts";

/**
 * What carries a call out: the overload that the checker chose, or, where it left several, the first that the values fit.
 */
export function dispatcher(
  called: CelFunction,
  overload: string,
): (args: readonly CelValue[]) => CelValue {
  const chosen = called.overloads.filter(({ id, run }) =>
    run && (overload === "" || id === overload)
  );
  return (args) => {
    const found = chosen.find((one) => accepts(one, args));
    return found ? found.run!(...args) : unfit(called.name, args);
  };
}

function accepts(overload: Overload, args: readonly CelValue[]): boolean {
  if (overload.params.length !== args.length) return false;
  return overload.unguarded === true || fitsOverload(args, overload);
}

function unfit(name: string, args: readonly CelValue[]): CelError {
  const types = args.map((arg) => typeOfValue(arg).name).join(", ");
  return new CelError(`no such overload: ${name}(${types})`);
}
