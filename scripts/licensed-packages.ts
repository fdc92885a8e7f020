import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A package of npm that lies somewhere below a node_modules. */
export interface LicensedPackage {
  name: string;
  version: string;
  /** SPDX expression. */
  license: string;
  /** Relative to the folder that was asked for. */
  path: string;
  /** Names of the files with the licence's text, in the package's folder. */
  licenseFiles: string[];
  /** Lines of these that say whose it is. */
  holders: string[];
}

/** Every package in `<folder>/node_modules`, those within others too, in the order of their paths. Throws where one has no licence. */
export function licensedPackages(folder: string): LicensedPackage[] {
  return packagePaths(folder, "node_modules")
    .sort()
    .map((path) => licensedPackage(folder, path));
}

function packagePaths(folder: string, modules: string): string[] {
  return entries(join(folder, modules)).flatMap((name) => {
    const path = `${modules}/${name}`;
    if (name.startsWith(".")) return [];
    if (name.startsWith("@")) return packagePaths(folder, path);
    return [path, ...packagePaths(folder, `${path}/node_modules`)];
  });
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function licensedPackage(folder: string, path: string): LicensedPackage {
  const place = join(folder, path);
  const { name, version, license } = JSON.parse(readFileSync(join(place, "package.json"), "utf8")) as Record<
    string,
    string
  >;
  const licenseFiles = readdirSync(place).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  if (!name || !version || !license || licenseFiles.length === 0) throw new Error(`${path} does not say its licence`);
  const lines = licenseFiles.flatMap((file) => readFileSync(join(place, file), "utf8").split("\n"));
  const holders = lines
    .map((line) => /^\W*(copyright\b.*(?:\d{4}|\(c\)|©).*)$/i.exec(line)?.[1])
    .filter((line) => line !== undefined && !/\[yyyy\]/.test(line))
    .map((line) => line!.replace(/^copyright:?\s*(\(c\)|©)?\s*/i, "").trim());
  return { name, version, license, path, licenseFiles, holders: [...new Set(holders)] };
}
