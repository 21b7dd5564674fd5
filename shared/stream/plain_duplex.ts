import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";

/**
 * A socket as a plain duplex, for both ends of the agents' connections: the platform's HTTP/2 does not take an upgraded
 * TLS socket as it is. Writes of one tick leave together, which halves the cost of small frames; back-pressure of the
 * socket is passed on.
 */
export function plainDuplex(socket: Duplex): Duplex {
  const pending: { readonly chunk: Uint8Array; readonly done: (error?: Error | null) => void }[] =
    [];
  const flush = () => {
    const batch = pending.splice(0);
    const done = () => batch.forEach((entry) => entry.done());
    if (socket.destroyed) return done();
    const room = socket.write(Buffer.concat(batch.map(({ chunk }) => chunk)));
    if (room) done();
    else socket.once("drain", done);
  };
  const duplex = new Duplex({
    read: () => void socket.resume(),
    // Several writes may come before the first is done only through `writev`.
    writev(chunks, callback) {
      chunks.forEach(({ chunk }, i) =>
        pending.push({ chunk, done: i === chunks.length - 1 ? callback : () => {} })
      );
      queueMicrotask(flush);
    },
    write(chunk: Uint8Array, _encoding, callback) {
      pending.push({ chunk, done: callback });
      queueMicrotask(flush);
    },
    final: (callback) => void socket.end(callback),
    destroy(error, callback) {
      socket.destroy();
      callback(error);
    },
  });
  socket.on("data", (chunk: Uint8Array) => {
    if (!duplex.push(chunk)) socket.pause();
  });
  socket.on("end", () => duplex.push(null));
  socket.on("close", () => duplex.destroy());
  socket.on("error", (error: Error) => duplex.destroy(error));
  return duplex;
}
