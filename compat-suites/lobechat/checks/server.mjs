// What of LobeChat its server runs: the runtime, and what reads its environment variables.

export * from "./runtime.mjs";
export { genServerAiProvidersConfig } from "@/server/globalConfig/genServerAiProviderConfig";
export { parseAgentConfig } from "@/server/globalConfig/parseDefaultAgent";
export { parseSystemAgent } from "@/server/globalConfig/parseSystemAgent";
export { initModelRuntimeWithUserPayload } from "@/server/modules/ModelRuntime";
