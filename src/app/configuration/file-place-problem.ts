import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";

const UNWRITABLE: Readonly<Record<string, string>> = {
  EACCES: "the system does not allow it; choose a folder that the gateway may write to",
  EPERM: "the system does not allow it; choose a folder that the gateway may write to",
  EROFS: "nothing can be written there; choose another place",
};

/** Why no file of this name can be made, for people; undefined where nothing is against it. Nothing is written to find out. */
export function filePlaceProblem(path: string): string | undefined {
  const folder = dirname(path);
  try {
    if (!statSync(folder).isDirectory()) return `${folder} is a file, not a folder; choose another place`;
    accessSync(folder, constants.W_OK | constants.X_OK);
    const isOther = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
    return isOther ? "it is there already and is no file; it is left alone. Choose another name" : undefined;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "its folder is not there; create it, or choose another place";
    if (code === "ENOTDIR") return `a part of ${folder} is a file, not a folder; choose another place`;
    return UNWRITABLE[code] ?? (error as Error).message;
  }
}
