/**
 * Writes the copyright file of the Debian package to standard output:
 * node build/scripts/debian-copyright.js <folder with node_modules, below the package's root> <folder as the machine has it> <LICENSE>
 */
import { readFileSync } from "node:fs";
import { licensedPackages } from "./licensed-packages.ts";

const [folder, place, license] = process.argv.slice(2);
if (folder === undefined || place === undefined || license === undefined) throw new Error("three arguments are needed");

const text = readFileSync(license, "utf8");
const own = /^Copyright \(c\) (.*)$/m.exec(text)![1]!;

function paragraph(...lines: string[]): string {
  return `${lines.join("\n")}\n`;
}

/** Lines behind a field's first one. */
function indented(lines: readonly string[]): string {
  return lines.map((line) => ` ${line === "" ? "." : line}`).join("\n");
}

const files = (path: string) => `${place.slice(1)}/${path}`;

const packages = licensedPackages(folder).map(({ name, version, license, path, licenseFiles, holders }) =>
  paragraph(
    `Files: ${files(path)}/*`,
    `Copyright: ${(holders.length === 0 ? ["the authors of the package"] : holders).join("\n           ")}`,
    `License: ${license}`,
    indented([`The text is in ${licenseFiles.map((file) => `/${files(path)}/${file}`).join(" and ")}.`]),
    `Comment: ${name} ${version}, https://www.npmjs.com/package/${name}`,
  ),
);

process.stdout.write(
  [
    paragraph(
      "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
      "Upstream-Name: mqtt-sn-gateway",
    ),
    paragraph("Files: *", `Copyright: ${own}`, "License: MIT", indented(text.trim().split("\n"))),
    paragraph(
      `Files: ${files("node/*")}`,
      "Copyright: Node.js contributors, and those of the software in it",
      "License: MIT and others",
      indented([`The texts are in /${files("node/LICENSE")}.`]),
    ),
    ...packages,
  ].join("\n"),
);
