/** A number that only grows. */
export class Counter {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
}

/** A number that goes up and down. */
export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  add(by: number): void {
    this.value += by;
  }
}

/** Counts values by size. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** One more than the bounds; each for itself, joined when they are written out. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.#bounds.length && value > this.#bounds[at]!) at++;
    this.counts[at]!++;
    this.sum += value;
  }
}

export interface MetricOptions {
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** Names of labels; the values of a series are given in this order. */
  readonly labels?: readonly string[];
}

/** All series of one metric. */
export class Family<Series> {
  readonly #options: MetricOptions;
  readonly #make: () => Series;
  readonly #series = new Map<
    string,
    { readonly values: readonly string[]; readonly series: Series }
  >();

  constructor(options: MetricOptions, make: () => Series) {
    this.#options = options;
    this.#make = make;
  }

  /**
   * The series with these label values. Whoever counts often keeps it. Label values can come from outside, so there are
   * at most `maxSeries` of them; what is beyond is counted as one.
   */
  with(...values: readonly string[]): Series {
    const key = values.join("\u0000");
    const found = this.#series.get(key);
    if (found) return found.series;
    if (this.#series.size >= maxSeries && !values.every((value) => value === beyond)) {
      return this.with(...values.map(() => beyond));
    }
    const series = this.#make();
    this.#series.set(key, { values, series });
    return series;
  }

  /** Forgets a series. */
  remove(...values: readonly string[]): void {
    this.#series.delete(values.join("\u0000"));
  }

  get name(): string {
    return this.#options.name;
  }

  get help(): string {
    return this.#options.help;
  }

  *all(): Iterable<readonly [labels: string, series: Series]> {
    const names = this.#options.labels ?? [];
    for (const { values, series } of this.#series.values()) {
      yield [names.map((name, i) => `${name}="${escaped(values[i] ?? "")}"`).join(","), series];
    }
  }
}

const maxSeries = 5_000;
const beyond = "(other)";

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

/**
 * The metrics of a program, written in Prometheus' text format. A series is an object that is looked up once and then
 * counted on directly: a request touches several.
 */
export class MetricRegistry {
  /** Media type of `text`. */
  static readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  readonly #writers = new Map<string, () => string[]>();
  readonly #refreshers: (() => void)[] = [];

  counter(options: MetricOptions): Family<Counter> {
    return this.#add("counter", new Family(options, () => new Counter()), plain);
  }

  gauge(options: MetricOptions): Family<Gauge> {
    return this.#add("gauge", new Family(options, () => new Gauge()), plain);
  }

  /** `buckets`: upper bounds, rising. */
  histogram(options: MetricOptions & { readonly buckets: readonly number[] }): Family<Histogram> {
    const { buckets } = options;
    const family = new Family(options, () => new Histogram(buckets));
    return this.#add(
      "histogram",
      family,
      (name, labels, series) => spread(name, labels, { series, buckets }),
    );
  }

  /** Calls `task` before each `text`, to set what nobody counts on the way. */
  beforeText(task: () => void): void {
    this.#refreshers.push(task);
  }

  /** Everything, in the order of names. */
  text(): string {
    for (const refresh of this.#refreshers) refresh();
    const names = [...this.#writers.keys()].sort();
    return names.flatMap((name) => this.#writers.get(name)!()).join("\n") + "\n";
  }

  #add<Series>(
    type: string,
    family: Family<Series>,
    lines: (name: string, labels: string, series: Series) => string[],
  ): Family<Series> {
    const { name, help } = family;
    if (this.#writers.has(name)) {
      throw new TypeError(`Cannot add metric ${name}: it is there already`);
    }
    this.#writers.set(name, () => {
      const all = [...family.all()].flatMap(([labels, series]) => lines(name, labels, series));
      return all.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...all];
    });
    return family;
  }
}

function plain(name: string, labels: string, { value }: Counter | Gauge): string[] {
  return [`${name}${labels && `{${labels}}`} ${shown(value)}`];
}

function spread(
  name: string,
  labels: string,
  { series, buckets }: { readonly series: Histogram; readonly buckets: readonly number[] },
): string[] {
  let total = 0;
  const prefix = labels && `${labels},`;
  const lines = [...buckets, Infinity].map((bound, i) => {
    total += series.counts[i]!;
    return `${name}_bucket{${prefix}le="${shown(bound)}"} ${total}`;
  });
  const own = labels && `{${labels}}`;
  return [...lines, `${name}_sum${own} ${shown(series.sum)}`, `${name}_count${own} ${total}`];
}

function shown(value: number): string {
  return value === Infinity ? "+Inf" : String(value);
}
