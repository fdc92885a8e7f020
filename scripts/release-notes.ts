/** What a changelog in the format of Keep a Changelog says of a version, without its heading. Throws an Error for the user where it has nothing of it. */
export function releaseNotes(changelog: string, version: string): string {
  const heading = /^## +\[?([^\]\s]+)\]?/;
  const lines = changelog.split("\n");
  const versions = lines.map((line) => heading.exec(line)?.[1]?.replace(/^v/, ""));
  const first = versions.indexOf(version);
  if (first === -1) {
    const there = versions.filter((each) => each !== undefined).join(", ");
    throw new Error(`CHANGELOG.md has no section "## ${version}", only: ${there}`);
  }
  const next = versions.findIndex((each, index) => index > first && each !== undefined);
  const section = lines.slice(first + 1, next === -1 ? undefined : next);
  const notes = section.join("\n").trim();
  if (notes === "") throw new Error(`the section "## ${version}" of CHANGELOG.md is empty`);
  return `${notes}\n`;
}
