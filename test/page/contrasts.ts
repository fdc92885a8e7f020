import type { Page } from "playwright-core";

/** The contrast of a text that can be seen with what is behind it. */
export interface Contrast {
  text: string;
  ratio: number;
}

/** The contrast of every text of a page, as the Web Content Accessibility Guidelines compute it (1.4.3). */
export async function contrasts(page: Page): Promise<Contrast[]> {
  return page.evaluate(() => {
    type Color = [red: number, green: number, blue: number, alpha: number];
    const parse = (color: string): Color => {
      const [red = 0, green = 0, blue = 0, alpha = 1] = (color.match(/[\d.]+/g) ?? []).map(Number);
      return [red, green, blue, alpha];
    };
    const over = ([r, g, b, a]: Color, [R, G, B]: Color): Color => [
      r * a + R * (1 - a),
      g * a + G * (1 - a),
      b * a + B * (1 - a),
      1,
    ];
    const luminance = ([red, green, blue]: Color): number => {
      const [r, g, b] = [red, green, blue].map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const ground = (element: Element | null): Color => {
      if (element === null) return [255, 255, 255, 1];
      const color = parse(getComputedStyle(element).backgroundColor);
      return color[3] === 1 ? color : over(color, ground(element.parentElement));
    };
    const found: Contrast[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement!;
      const text = node.textContent!.trim();
      if (text === "" || !element.checkVisibility() || element.closest(".offscreen, .skip, script, noscript")) continue;
      const behind = ground(element);
      const [one, other] = [luminance(over(parse(getComputedStyle(element).color), behind)), luminance(behind)];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      found.push({ text: text.slice(0, 40), ratio: Math.round(ratio * 100) / 100 });
    }
    return found;
  });
}
