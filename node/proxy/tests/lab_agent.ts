/**
 * Lives inside one network namespace of the lab: reads requests from standard input, one JSON object a line, and
 * answers each with a line. Servers answer with their name and the client's address.
 *
 * @module
 */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

interface Request {
  readonly op: "serve" | "tcp" | "udp";
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly timeoutMs: number;
  /** Local port, so that several datagrams belong to one flow. */
  readonly from?: number;
}

function serve({ host, port, name }: Request): Promise<string> {
  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(`${name} ${socket.remoteAddress?.replace("::ffff:", "")}`);
  });
  const udp = createSocket(host.includes(":") ? "udp6" : "udp4");
  udp.on("message", (_, from) => udp.send(`${name} ${from.address}`, from.port, from.address));
  return new Promise((resolve) =>
    tcp.listen(port, host, () => udp.bind(port, host, () => resolve("ok")))
  );
}

function askTcp({ host, port, timeoutMs }: Request): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let text = "";
    const timer = setTimeout(() => {
      socket.destroy();
      resolve("timeout");
    }, timeoutMs);
    const done = (answer: string) => {
      clearTimeout(timer);
      resolve(answer);
    };
    socket.on("data", (data) => text += data);
    socket.on("end", () => done(text));
    socket.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}

function askUdp({ host, port, timeoutMs, from }: Request): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    const done = (answer: string) => {
      clearTimeout(timer);
      socket.close(() => resolve(answer));
    };
    const timer = setTimeout(() => done("timeout"), timeoutMs);
    socket.on("message", (data) => done(String(data)));
    socket.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    socket.bind(from ?? 0, () => socket.send("hello", port, host));
  });
}

const answers = { serve, tcp: askTcp, udp: askUdp };
createInterface({ input: process.stdin }).on("line", async (line) => {
  const request = JSON.parse(line) as Request;
  console.log(JSON.stringify(await answers[request.op](request)));
}).on("close", () => process.exit(0));
