import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { releaseNotes } from "../../scripts/release-notes.ts";
import { run } from "./npm-package.ts";
import { hasCommand, requirement } from "./requirement.ts";

const CHANGELOG = `# Changelog

What changes.

## Unreleased

## [1.1.0] - 2026-12-01

### Added

- This.

### Fixed

- That.

## 1.0.0

- All.
`;

describe("the notes of a release", () => {
  test("are what the changelog says of the version, and nothing of another", () => {
    expect(releaseNotes(CHANGELOG, "1.1.0")).toBe("### Added\n\n- This.\n\n### Fixed\n\n- That.\n");
    expect(releaseNotes(CHANGELOG, "1.0.0")).toBe("- All.\n");
  });

  test("of a version that the changelog does not have are an error that says which there are", () => {
    expect(() => releaseNotes(CHANGELOG, "1.1")).toThrow(
      'CHANGELOG.md has no section "## 1.1", only: Unreleased, 1.1.0, 1.0.0',
    );
  });

  test("that are empty are an error", () => {
    expect(() => releaseNotes(CHANGELOG, "Unreleased")).toThrow('the section "## Unreleased" of CHANGELOG.md is empty');
  });

  test("are there for what comes next", () => {
    const changelog = readFileSync(new URL("../../CHANGELOG.md", import.meta.url), "utf8");
    expect(releaseNotes(changelog, "Unreleased")).toMatch(/^- /m);
  });
});

const hasShellcheck = requirement("shellcheck", hasCommand("shellcheck"), "REQUIRE_DPKG", "apt-get install shellcheck");

test.skipIf(!hasShellcheck)("shellcheck has nothing to say of scripts outside packaging/deb", () => {
  const root = new URL("../..", import.meta.url).pathname;
  const scripts = ["scripts/release.sh", "packaging/home-assistant/mqtt-sn-gateway/run.sh"];
  expect(run("shellcheck", scripts, root)).toBe("");
});
