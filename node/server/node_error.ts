/** A refusal of the node's server: an HTTP status and the text that the API server passes on. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  constructor(readonly status: 400 | 404 | 405 | 500 | 502, message: string) {
    super(message);
  }
}
