// Starting points for a model's address. The owner may change every field.
export const PRESETS = {
  openai: { name: "OpenAI", base_url: "https://api.openai.com/v1", model: "gpt-4.1-mini", needsKey: true },
  openrouter: { name: "OpenRouter", base_url: "https://openrouter.ai/api/v1", model: "openrouter/auto", needsKey: true },
  ollama: { name: "Ollama", base_url: "http://127.0.0.1:11434/v1", model: "llama3.2", needsKey: false },
  llamacpp: { name: "llama.cpp", base_url: "http://127.0.0.1:8080/v1", model: "default", needsKey: false },
  custom: { name: "", base_url: "", model: "", needsKey: false },
} as const

export type Preset = keyof typeof PRESETS
export const PRESET_NAMES = Object.keys(PRESETS) as Preset[]
