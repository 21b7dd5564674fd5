import { connect } from "node:net";
import { Duplex } from "node:stream";
import type { Host } from "../host/host.ts";
import { RuntimeError } from "./runtime_service.ts";

/**
 * What runs inside the namespace: joins its own input and output to the port. The first byte it writes says that
 * the connection stands. It is passed as a data URL so that no file of ours has to be found at run time.
 */
const helper = `
const port = Number(Deno.args[0]);
let socket;
try { socket = await Deno.connect({ hostname: "127.0.0.1", port }); }
catch { socket = await Deno.connect({ hostname: "::1", port }); }
socket.setNoDelay(true);
await Deno.stdout.write(new Uint8Array([1]));
Deno.stdin.readable.pipeTo(socket.writable).catch(() => {});
await socket.readable.pipeTo(Deno.stdout.writable).catch(() => {});
Deno.exit(0);
`;

/**
 * Connects to `localhost:port` as seen inside the network namespace `network` (`host` or a path). A thread cannot
 * change its namespace from JavaScript, so a small child process does, for as long as the connection lasts.
 */
export function dialPort(host: Host, network: string, port: number): Promise<Duplex> {
  return network === "host" ? dialHost(port) : dialNamespace(host, network, port);
}

function dialHost(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error: Error) => reject(failed(port, error.message)));
  });
}

async function dialNamespace(host: Host, network: string, port: number): Promise<Duplex> {
  const child = host.spawn("nsenter", [
    `--net=${network}`,
    "--",
    host.pathOf("deno"),
    "run",
    "--no-config",
    "--no-lock",
    "--quiet",
    "--allow-net=127.0.0.1,[::1]",
    `data:application/javascript,${encodeURIComponent(helper)}`,
    String(port),
  ], { env: { NO_COLOR: "1" } });
  const output = child.stdout.getReader();
  const first = await output.read();
  if (first.done) {
    const text = await new Response(child.stderr).text();
    throw failed(port, text.trim().split("\n")[0] ?? "no connection");
  }
  void child.stderr.cancel().catch(() => {});
  return join(
    child.stdin.getWriter(),
    output,
    () => child.kill("SIGKILL"),
    first.value.subarray(1),
  );
}

function join(
  input: WritableStreamDefaultWriter<Uint8Array>,
  output: ReadableStreamDefaultReader<Uint8Array>,
  kill: () => void,
  early: Uint8Array,
): Duplex {
  const duplex = new Duplex({
    allowHalfOpen: true,
    read() {
      output.read().then(
        ({ done, value }) => duplex.push(done ? null : value),
        () => duplex.push(null),
      );
    },
    write(chunk: Uint8Array, _encoding, callback) {
      input.write(chunk).then(() => callback(), callback);
    },
    final(callback) {
      input.close().then(() => callback(), () => callback());
    },
    destroy(error, callback) {
      kill();
      callback(error);
    },
  });
  if (early.length > 0) duplex.push(early);
  return duplex;
}

function failed(port: number, why: string): RuntimeError {
  return new RuntimeError("Failed", `Cannot connect to port ${port} of the pod: ${why}`);
}
