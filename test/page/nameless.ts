import type { Page } from "playwright-core";

/** What a screen reader could not name on a page: things to use without a name, lists of choices without one, pictures without words, ids twice. */
export async function nameless(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const textOf = (ids: string | null) =>
      (ids ?? "")
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent ?? "")
        .join("");
    const nameOf = (element: Element): string => {
      const labelled = element.getAttribute("aria-label") ?? textOf(element.getAttribute("aria-labelledby"));
      if (labelled !== "") return labelled;
      if (element instanceof HTMLInputElement)
        return Array.from(element.labels ?? [], (label) => label.textContent).join("");
      if (element instanceof HTMLFieldSetElement) return element.querySelector("legend")?.textContent ?? "";
      const pictures = Array.from(element.querySelectorAll("img"), ({ alt }) => alt).join("");
      return (element.textContent ?? "") + pictures;
    };
    for (const element of document.querySelectorAll(
      "a, button, input, fieldset, section, nav, dialog, summary, [role=img], [tabindex]",
    )) {
      if (element.checkVisibility() && nameOf(element).trim() === "") found.push(element.outerHTML.slice(0, 120));
    }
    for (const image of document.querySelectorAll("img:not([alt])")) found.push(image.outerHTML);
    const ids = Array.from(document.querySelectorAll("[id]"), ({ id }) => id);
    found.push(...ids.filter((id, index) => ids.indexOf(id) !== index));
    if (document.documentElement.lang === "") found.push("html without lang");
    for (const head of document.querySelectorAll("th:not([scope])")) found.push(head.outerHTML.slice(0, 120));
    return found;
  });
}
