/** Whose client a simulated device behaves like: that of this project, or one of those that gateways have to live with. */
export type ModelName = "ours" | "emcute" | "asymcute" | "zephyr" | "mqtt-sn-tools";

export const MODEL_NAMES: readonly ModelName[] = ["ours", "emcute", "asymcute", "zephyr", "mqtt-sn-tools"];
