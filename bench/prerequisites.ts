import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";

/** Throws, with the remedy, where there is no Mosquitto to start. */
export function assertMosquitto(): void {
  const { error } = spawnSync("mosquitto", ["-h"], { stdio: "ignore" });
  if (error !== undefined) {
    throw new Error('mosquitto is not in the path: install the package "mosquitto" (Debian: apt install mosquitto)');
  }
}

/** Throws where this is no file that can be read. */
export function assertReadable(option: string, file: string): void {
  const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  if (!isFile) throw new Error(`--${option}: there is no file ${file}; build the other checkout first (npm run build)`);
  accessSync(file, constants.R_OK);
}

/** Throws where this file cannot be written. */
export function assertWritable(option: string, file: string): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  try {
    if (stat?.isDirectory()) throw new Error("it is a folder");
    accessSync(stat === undefined ? dirname(file) : file, constants.W_OK);
  } catch (error) {
    throw new Error(`--${option}: ${file} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}
