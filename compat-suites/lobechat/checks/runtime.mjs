// What of LobeChat both its server and its page run: the model runtime, and what reads its streams.

export { fetchSSE } from "@lobechat/fetch-sse";
export { ModelRuntime } from "@lobechat/model-runtime";
export { createErrorResponse } from "@/utils/errorResponse";
