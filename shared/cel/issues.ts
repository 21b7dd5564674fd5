/** A place in a source: line from 1, column from 0 in code points. */
export interface Location {
  readonly line: number;
  readonly column: number;
}

/** For what is wrong with the source as a whole. */
export const noLocation: Location = { line: -1, column: -1 };

export interface Issue {
  readonly location: Location;
  readonly message: string;
}

/** More than this many are only counted. */
const MAX_ISSUES = 100;
/** Longer lines are not shown. */
const MAX_SNIPPET_LENGTH = 16_384;

/** The text of an expression, with places in it. */
export class Source {
  readonly codePoints: readonly string[];
  /** Where lines after the first begin, and the end of the source. */
  readonly #lines: number[] = [];

  constructor(readonly text: string) {
    this.codePoints = [...text];
    this.codePoints.forEach((character, index) => {
      if (character === "\n") this.#lines.push(index + 1);
    });
    this.#lines.push(this.codePoints.length + 1);
  }

  /** What is nowhere in the text (parts that were missing) is before it. */
  locationOf(offset: number): Location {
    if (offset < 0) return { line: 1, column: -1 };
    let line = 1;
    for (const start of this.#lines) {
      if (start > offset) break;
      line++;
    }
    return { line, column: offset - (line === 1 ? 0 : this.#lines[line - 2]!) };
  }

  /** The text of a line without its end. */
  line(line: number): string | undefined {
    const start = line === 1 ? 0 : this.#lines[line - 2];
    if (line < 1 || start === undefined || this.codePoints.length === 0) return undefined;
    const end = this.#lines[line - 1];
    return this.codePoints.slice(start, end === undefined ? undefined : end - 1).join("");
  }
}

/** What is wrong with one expression. */
export class Issues {
  readonly #source: Source;
  readonly #issues: Issue[] = [];
  #count = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  get count(): number {
    return this.#count;
  }

  report(location: Location, message: string): void {
    if (++this.#count <= MAX_ISSUES) this.#issues.push({ location, message });
  }

  /** Reports at a place in code points from the start. */
  reportAt(offset: number, message: string): void {
    this.report(this.#source.locationOf(offset), message);
  }

  /** All in the order of the source, each as `ERROR: <input>:1:4: …` with the line and a mark under the place. */
  toString(): string {
    const sorted = this.#issues.toSorted((one, other) =>
      one.location.line - other.location.line || one.location.column - other.location.column
    );
    const texts = sorted.map((issue) => this.#show(issue));
    if (this.#count > MAX_ISSUES) {
      texts.push(`${this.#count - MAX_ISSUES} more errors were truncated`);
    }
    return texts.join("\n");
  }

  /** The messages and places, in the order of reports. */
  list(): readonly Issue[] {
    return this.#issues;
  }

  #show({ location: { line, column }, message }: Issue): string {
    const head = `ERROR: <input>:${line}:${column + 1}: ${message}`;
    const text = this.#source.line(line);
    if (text === undefined || new TextEncoder().encode(text).length > MAX_SNIPPET_LENGTH) {
      return head;
    }
    const snippet = text.replaceAll("\t", " ");
    const characters = [...snippet];
    const wide = (character: string | undefined) =>
      character !== undefined && character.codePointAt(0)! > 0x7f;
    const dots = characters.slice(0, Math.max(column, 0)).map((c) => wide(c) ? "．" : ".").join("");
    const mark = wide(characters[Math.max(column, 0)]) ? "＾" : "^";
    return `${head}\n | ${snippet}\n | ${dots}${mark}`;
  }
}
