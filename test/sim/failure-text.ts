import type { SimOptions } from "./sim-options.ts";
import type { SimResult } from "./simulated-world.ts";

/** What a person needs to understand a failed run, and to have it again. */
export function failureText(options: SimOptions, { violation, arrows }: SimResult): string {
  return [
    `seed ${options.seed}: ${violation}`,
    `again: npm run sim -- --seed ${options.seed} --log`,
    JSON.stringify(options),
    ...arrows,
  ].join("\n");
}
