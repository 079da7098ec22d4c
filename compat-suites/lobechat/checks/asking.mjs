// One chat as LobeChat's interface makes it, from the runtime's stream to what is shown.

/** What is shown of an answer, and the pieces it came in. `payload` is what LobeChat asks its runtime for. */
export async function ask({ createErrorResponse, fetchSSE }, runtime, payload, options = {}) {
  const shown = { pieces: [], errors: [] };
  await fetchSSE("chat", {
    fetcher: async () => {
      try {
        return await runtime.chat({ stream: true, temperature: 0, ...payload }, options);
      } catch (refusal) {
        const { errorType = 500, error = refusal, ...more } = refusal;
        return createErrorResponse(errorType, { error, ...more });
      }
    },
    responseAnimation: "none",
    signal: options.signal,
    onAbort: async (text) => { shown.aborted = text; },
    onErrorHandle: (error) => shown.errors.push(error),
    onFinish: async (text, context) => Object.assign(shown, { text }, context),
    onMessageHandle: (piece) => {
      shown.pieces.push(piece);
      options.onPiece?.(piece);
    },
  });
  return shown;
}
