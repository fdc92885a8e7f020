import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Answer } from "./answer.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".yaml": "application/yaml; charset=utf-8",
};

const IS_TEXT = /^text\/|xml|yaml/;

interface StaticFile {
  contentType: string;
  etag: string;
  octets: Buffer;
  zipped: Buffer | undefined;
}

/** Where the files are. */
export interface StaticFolders {
  /** The status page, as it is built: index.html, client.html, login.html and what these need. */
  page: URL;
  /** The description of the API. */
  openApi: URL;
}

/** The files that are served as they are. Each is read once, when it is first asked for: who never looks pays nothing. */
export class StaticFiles {
  readonly #folders: StaticFolders;
  readonly #files = new Map<string, Promise<StaticFile | undefined>>();
  /** Where each asset is, by its name. */
  #assets: Promise<ReadonlyMap<string, URL>> | undefined;

  constructor(folders: StaticFolders) {
    this.#folders = folders;
  }

  /** A page: `index`, `client` or `login`. */
  page(name: string, headers: RequestHeaders): Promise<Answer | undefined> {
    return this.#answer(new URL(`${name}.html`, this.#folders.page), headers);
  }

  openApi(headers: RequestHeaders): Promise<Answer | undefined> {
    return this.#answer(this.#folders.openApi, headers);
  }

  /** What a page needs, by its name below the folder of the page; undefined where there is no such file. */
  async asset(name: string, headers: RequestHeaders): Promise<Answer | undefined> {
    this.#assets ??= findAssets(this.#folders.page);
    // Only names that are there: nothing that a stranger writes becomes a part of a path.
    const url = (await this.#assets).get(name);
    return url === undefined ? undefined : this.#answer(url, headers);
  }

  async #answer(url: URL, headers: RequestHeaders): Promise<Answer | undefined> {
    let reading = this.#files.get(url.href);
    if (reading === undefined) {
      reading = readStaticFile(url);
      this.#files.set(url.href, reading);
    }
    const file = await reading;
    if (file === undefined) {
      this.#files.delete(url.href);
      return undefined;
    }
    const { contentType, etag, octets, zipped } = file;
    // Asked for each time, and sent again only where it is another one, as after an update.
    const told = { etag, "cache-control": "no-cache", vary: "accept-encoding" };
    if (headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) return { status: 304, headers: told };
    const takesZipped = /(^|[\s,])gzip\s*(,|$)/.test(String(headers["accept-encoding"] ?? ""));
    if (zipped === undefined || !takesZipped) {
      return { status: 200, headers: { ...told, "content-type": contentType }, body: octets };
    }
    return {
      status: 200,
      headers: { ...told, "content-type": contentType, "content-encoding": "gzip" },
      body: zipped,
    };
  }
}

/** What decides how a file is sent. */
type RequestHeaders = { "if-none-match"?: string | undefined; "accept-encoding"?: string | string[] | undefined };

/** Of the package uplot, beside its main file. */
const CHART_FILES = { "uplot.js": "uPlot.esm.js", "uplot.css": "uPlot.min.css" };

/** The folder is looked at once, however many names are asked for that are not there. */
async function findAssets(page: URL): Promise<ReadonlyMap<string, URL>> {
  const assets = new Map<string, URL>();
  // It is not there in a checkout that is not built.
  for (const found of await readdir(page, { recursive: true }).catch(() => [])) {
    const name = found.replaceAll("\\", "/");
    const kind = extname(name);
    if (kind !== ".html" && Object.hasOwn(CONTENT_TYPES, kind)) assets.set(name, new URL(name, page));
  }
  const charts = import.meta.resolve("uplot");
  for (const [name, file] of Object.entries(CHART_FILES)) assets.set(name, new URL(file, charts));
  return assets;
}

const zip = promisify(gzip);

async function readStaticFile(url: URL): Promise<StaticFile | undefined> {
  const path = fileURLToPath(url);
  let octets: Buffer;
  try {
    octets = await readFile(path);
  } catch {
    // It is not there, as in a checkout that is not built.
    return undefined;
  }
  const contentType = CONTENT_TYPES[extname(path)] ?? "application/octet-stream";
  const zipped = IS_TEXT.test(contentType) ? await zip(octets) : undefined;
  const etag = `"${createHash("sha256").update(octets).digest("base64url").slice(0, 22)}"`;
  return { contentType, etag, octets, zipped };
}
