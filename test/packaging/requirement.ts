import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** Whether a command is there. */
export function hasCommand(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
}

/**
 * What tests need of the machine. Where it is missing, they are skipped, and whoever runs them sees that; where the environment variable
 * `requiredBy` is 1, that is a failure.
 */
export function requirement(what: string, isThere: boolean, requiredBy: string, remedy: string): boolean {
  if (!isThere) {
    test(`${what}: without it tests are skipped, unless ${requiredBy}=1`, () => {
      console.warn(`${what} is missing: tests of the packages skipped (${remedy})`);
      expect(process.env[requiredBy] === "1", `${what} is missing, and ${requiredBy}=1 says that it must not`).toBe(
        false,
      );
    });
  }
  return isThere;
}
