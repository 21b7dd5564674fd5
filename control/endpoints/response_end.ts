import { type BodyWriter, directBodyOf, sourceResponse } from "./direct_body.ts";

/** The same response; `task` is called once, when its body has been sent or its client is gone. */
export function whenResponseEnds(response: Response, task: () => void): Response {
  const end = once(task);
  const { status, headers } = response;
  const body = directBodyOf(response);
  if (typeof body === "function") {
    const init = { status, headers: Object.fromEntries(headers) };
    return sourceResponse((writer) => body(endingWith(writer, end)), init);
  }
  if (body || !response.body) {
    end();
    return response;
  }
  return new Response(whenEnded(response.body, end), { status, headers });
}

function endingWith(writer: BodyWriter, end: () => void): BodyWriter {
  return {
    write: (...chunks) => writer.write(...chunks),
    onDrain: (task) => writer.onDrain(task),
    onClose: (task) =>
      writer.onClose(() => {
        end();
        task();
      }),
    end: () => {
      end();
      writer.end();
    },
  };
}

function whenEnded(
  stream: ReadableStream<Uint8Array>,
  end: () => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        end();
        controller.close();
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    cancel(reason) {
      end();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

function once(task: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    task();
  };
}
