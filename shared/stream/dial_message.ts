/** A failure to connect, with the code that the platform gives it. */
export type ConnectError = Error & { readonly code?: string };

/** `host:port`, or `[v6]:port`. */
export function hostPort(host: string, port: number | string): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** A connection's failure in the words of Go's net package, which users know and search for. */
export function dialMessage(error: ConnectError, host: string, port: number): string {
  const texts: Readonly<Record<string, string>> = {
    ECONNREFUSED: "connect: connection refused",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ETIMEDOUT: "i/o timeout",
  };
  const text = texts[error.code ?? ""];
  if (text) return `dial tcp ${hostPort(host, port)}: ${text}`;
  if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") {
    return `dial tcp: lookup ${host}: no such host`;
  }
  return error.code === "ECONNRESET" ? "EOF" : error.message;
}
