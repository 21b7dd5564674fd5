import { type FieldError, invalid } from "../../meta/field_error.ts";

/** A place in a value; written out only when something is wrong there. */
export interface Place {
  readonly parent: Place | undefined;
  /** `.name`, `name` at the root, or `[index]`. */
  readonly step: string;
}

/** The place as messages name it; "" at the root. */
export function textOfPlace(place: Place | undefined): string {
  return place ? textOfPlace(place.parent) + place.step : "";
}

/** The place of a declared field. */
export function fieldPlace(parent: Place | undefined, name: string): Place {
  return { parent, step: parent ? `.${name}` : name };
}

interface Found {
  /** What tells two findings apart. */
  readonly text: string;
  readonly error: (base: string) => FieldError;
}

/**
 * What the validation of one value came to. `matches` counts the checks that were made, by which the reference picks
 * the branch of an `anyOf` or `oneOf` whose errors it shows.
 */
export class ValidationResult {
  matches = 0;
  #found: Found[] = [];

  get isValid(): boolean {
    return this.#found.length === 0;
  }

  /** How much was found so far, for `forget`. */
  get mark(): number {
    return this.#found.length;
  }

  /** Drops what was found after `mark`: it was wrong before the update as well. */
  forget(mark: number): void {
    this.#found.length = mark;
  }

  /** Adds an error about `place`; `text` is the reference's own message, by which doubles are told. */
  add(place: Place | undefined, text: string, make: (path: string) => FieldError): void {
    const name = textOfPlace(place).replace(/^\./, "");
    const error = (base: string) => make(joined(base, name));
    this.#push({ text, error });
  }

  /** Adds an error that the reference attributes to the whole value. */
  addGeneral(text: string): void {
    this.#push({ text, error: (base) => invalid(joined(base, ""), "", text) });
  }

  merge(other: ValidationResult): void {
    this.matches += other.matches;
    for (const found of other.#found) this.#push(found);
  }

  /** The errors, for a value that is at `base`. */
  errors(base: string): FieldError[] {
    return this.#found.map(({ error }) => error(base));
  }

  #push(found: Found): void {
    if (!this.#found.some(({ text }) => text === found.text)) this.#found.push(found);
  }
}

/** The reference writes a path of nothing as Go writes a nil. */
function joined(base: string, name: string): string {
  if (base === "") return name === "" ? "<nil>" : name;
  return name === "" ? base : name.startsWith("[") ? base + name : `${base}.${name}`;
}
