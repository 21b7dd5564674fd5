import type { Duplex } from "node:stream";
import { connect } from "node:net";
import { systemClock } from "../../../shared/clock/clock.ts";
import { FakeRuntime } from "../../../node/runtime/fake/fake_runtime.ts";
import type { ContainerStream, StreamOptions } from "../../../node/runtime/runtime_service.ts";

/**
 * A fake engine whose exec and attach run real programs of the test machine, so that pipes, exit codes and
 * back-pressure are real. Every terminal is a pipe that says which size it was given.
 */
export class ProcessRuntime extends FakeRuntime {
  /** What attach runs. */
  attached: readonly string[] = ["cat"];

  constructor() {
    super(systemClock);
  }

  override execStream(
    _id: string,
    command: readonly string[],
    options: StreamOptions,
  ): Promise<ContainerStream> {
    return Promise.resolve(spawn(command, options));
  }

  override attachStream(_id: string, options: StreamOptions): Promise<ContainerStream> {
    return Promise.resolve(spawn(this.attached, options));
  }

  override dial(_network = "", port = 0): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.once("connect", () => resolve(socket));
      socket.once("error", () => reject(new Error("connection refused")));
    });
  }
}

function spawn([program, ...args]: readonly string[], options: StreamOptions): ContainerStream {
  const child = new Deno.Command(program!, {
    args,
    stdin: options.stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const sizes = new TransformStream<Uint8Array, Uint8Array>();
  const sizeWriter = sizes.writable.getWriter();
  const stdout = options.tty ? merged(child.stdout, sizes.readable) : child.stdout;
  return {
    stdin: options.stdin ? child.stdin : new WritableStream(),
    stdout,
    stderr: child.stderr,
    exit: child.status.then(({ code }) => code),
    async resize(columns, rows) {
      await sizeWriter.write(new TextEncoder().encode(`size ${columns}x${rows}\n`));
    },
    close() {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
    },
  };
}

/** What either gives, until the first has ended. */
function merged(
  main: ReadableStream<Uint8Array>,
  other: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      const copy = async (from: ReadableStream<Uint8Array>) => {
        for await (const chunk of from) controller.enqueue(chunk);
      };
      void copy(other).catch(() => {});
      void copy(main).then(() => controller.close(), () => controller.close());
    },
  });
}
