import { type FieldError, invalid } from "../../../shared/meta/field_error.ts";

/** Reads the fields of one object of a configuration and notes what is wrong with them. */
export class Fields {
  readonly path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #errors: FieldError[];
  readonly #read = new Set<string>();

  constructor(path: string, value: unknown, errors: FieldError[]) {
    this.path = path;
    this.#errors = errors;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isObject) errors.push(invalid(path, value, "must be an object"));
    this.#values = isObject ? value as Record<string, unknown> : {};
  }

  /** The path of a field. */
  at(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  report(error: FieldError): void {
    this.#errors.push(error);
  }

  string(name: string): string | undefined {
    return this.#typed(name, "a string", (value) => typeof value === "string") as string;
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, "a boolean", (value) => typeof value === "boolean") as boolean;
  }

  integer(name: string): number | undefined {
    return this.#typed(name, "an integer", Number.isInteger) as number;
  }

  object(name: string): Fields | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : new Fields(this.at(name), value, this.#errors);
  }

  /** A list of objects. */
  list(name: string): Fields[] | undefined {
    const values = this.values(name);
    return values?.map((value, index) =>
      new Fields(`${this.at(name)}[${index}]`, value, this.#errors)
    );
  }

  /** A list of anything. */
  values(name: string): readonly unknown[] | undefined {
    return this.#typed(name, "a list", Array.isArray) as readonly unknown[];
  }

  /** A value that somebody else judges. */
  any(name: string): unknown {
    return this.#take(name);
  }

  /** Accepts a field without looking at it. */
  ignore(name: string): void {
    this.#read.add(name);
  }

  /** Notes every field that nobody asked for. */
  end(): void {
    for (const name of Object.keys(this.#values)) {
      if (this.#read.has(name)) continue;
      this.#errors.push({
        path: this.at(name),
        reason: "FieldValueInvalid",
        message: "unknown field",
      });
    }
  }

  #typed(name: string, what: string, test: (value: unknown) => boolean): unknown {
    const value = this.#take(name);
    if (value === undefined || test(value)) return value;
    this.#errors.push(invalid(this.at(name), value, `must be ${what}`));
    return undefined;
  }

  #take(name: string): unknown {
    this.#read.add(name);
    return this.#values[name] ?? undefined;
  }
}
