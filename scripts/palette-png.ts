import { crc32, deflateSync } from "node:zlib";
import type { Browser } from "playwright-core";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A picture as its 256 most frequent colours, and the number of one for each of its points. */
interface Indexed {
  width: number;
  height: number;
  /** Red, green, blue of each, one after the other. */
  palette: number[];
  /** Base64. */
  points: string;
}

/** The same picture in 256 colours at most, which takes a third of the octets: nearly all of a status page is letters on one ground. */
export async function palettePng(browser: Browser, png: Buffer): Promise<Buffer> {
  const { width, height, palette, points } = await indexed(browser, png);
  const octets = Buffer.from(points, "base64");
  const rows = Buffer.alloc((width + 1) * height);
  for (let row = 0; row < height; row += 1) octets.copy(rows, row * (width + 1) + 1, row * width, (row + 1) * width);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits for each point, which are the number of a colour.
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette)),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** The browser that took the picture can read it as well. */
async function indexed(browser: Browser, png: Buffer): Promise<Indexed> {
  const page = await browser.newPage();
  const found = await page.evaluate(async (base64): Promise<Indexed> => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    const bitmap = await createImageBitmap(blob);
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d")!;
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const colors = new Uint32Array(width * height);
    const counts = new Map<number, number>();
    for (let at = 0; at < colors.length; at += 1) {
      const color = (data[4 * at]! << 16) | (data[4 * at + 1]! << 8) | data[4 * at + 2]!;
      colors[at] = color;
      counts.set(color, (counts.get(color) ?? 0) + 1);
    }
    const parts = (color: number) => [color >> 16, (color >> 8) & 255, color & 255] as const;
    const frequent = [...counts.keys()].sort((one, other) => counts.get(other)! - counts.get(one)!).slice(0, 256);
    const numbers = new Map(frequent.map((color, number) => [color, number]));
    const nearest = (color: number): number => {
      const [red, green, blue] = parts(color);
      const distance = (other: number) => {
        const [r, g, b] = parts(other);
        return (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
      };
      let best = 0;
      for (let at = 1; at < frequent.length; at += 1) {
        if (distance(frequent[at]!) < distance(frequent[best]!)) best = at;
      }
      return best;
    };
    const text: string[] = [];
    for (const color of colors) {
      let number = numbers.get(color);
      if (number === undefined) {
        number = nearest(color);
        numbers.set(color, number);
      }
      text.push(String.fromCharCode(number));
    }
    return { width, height, palette: frequent.flatMap(parts), points: btoa(text.join("")) };
  }, png.toString("base64"));
  await page.close();
  return found;
}
