import assert from "node:assert/strict";
import { Background } from "./background.ts";
import { eventually, type Output, run, type RunOptions } from "./command.ts";

export interface KubectlOptions {
  /** The command line up to the program's own arguments. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** "" to leave it to the objects. */
  readonly namespace: string;
}

/** The real kubectl, as the cluster's administrator, in one namespace. */
export class Kubectl {
  readonly #options: KubectlOptions;

  constructor(options: KubectlOptions) {
    this.#options = options;
  }

  get namespace(): string {
    return this.#options.namespace;
  }

  /** The same in another namespace. */
  in(namespace: string): Kubectl {
    return new Kubectl({ ...this.#options, namespace });
  }

  /** Runs it to its end, whatever that is. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Output> {
    return run(this.#line(args), { ...options, env: { ...this.#options.env, ...options.env } });
  }

  /** Runs it; it must succeed. Resolves to its standard output. */
  async do(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    assert.equal(code, 0, `kubectl ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** An object or a list, decoded. */
  async get<T = Loose>(...args: string[]): Promise<T> {
    return JSON.parse(await this.do(["get", ...args, "-o", "json"])) as T;
  }

  /** A field, as `-o jsonpath` prints it. */
  async field(object: string, path: string): Promise<string> {
    return await this.do(["get", object, "-o", `jsonpath={${path}}`]);
  }

  /** Waits until a field has the value. */
  async until(object: string, path: string, want: string | RegExp, timeoutMs?: number) {
    let last = "";
    await eventually(`${object} ${path} is ${want}`, async () => {
      const { stdout, stderr } = await this.run(["get", object, "-o", `jsonpath={${path}}`]);
      last = stdout || stderr;
      return typeof want === "string" ? stdout === want : want.test(stdout);
    }, timeoutMs).catch((error) => {
      throw new Error(`${(error as Error).message} (it is ${JSON.stringify(last)})`);
    });
  }

  /** Applies a manifest of tests/testdata/e2e. */
  async applyTestdata(name: string): Promise<string> {
    const path = new URL(`../../testdata/e2e/${name}.yaml`, import.meta.url).pathname;
    return await this.do(["apply", "-f", path]);
  }

  /** Waits for a rollout to end. */
  async rolledOut(object: string, seconds = 60): Promise<string> {
    return await this.do(["rollout", "status", object, `--timeout=${seconds}s`], {
      timeoutMs: (seconds + 10) * 1000,
    });
  }

  /** Waits until a pod, or every pod of a selector, is ready. */
  async ready(...pods: string[]): Promise<void> {
    await this.do(["wait", "--for=condition=Ready", "--timeout=60s", "pod", ...pods], {
      timeoutMs: 70_000,
    });
  }

  /** Leaves it running, until it is disposed of. */
  start(...args: string[]): Background {
    return new Background(this.#line(args), this.#options.env);
  }

  #line(args: readonly string[]): string[] {
    const { command, namespace } = this.#options;
    return [...command, ...(namespace === "" ? [] : ["-n", namespace]), ...args];
  }
}

/** An object of the API as a test reads it: only the fields that tests look at are named. */
export interface Loose {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly deletionTimestamp?: string;
  };
  // deno-lint-ignore no-explicit-any -- tests look at every corner of objects; a wrong path fails the test
  readonly [field: string]: any;
}
