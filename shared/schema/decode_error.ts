/**
 * A body that is not what its kind says: broken JSON, YAML or protobuf, or a field of the wrong type. The message is
 * the text that the API shows after `cannot be handled as a Pod: `, word for word as Go's decoders put it.
 * The server turns it into a `BadRequest`.
 */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}
