import { make } from "./make.ts";
import { setText } from "./set-text.ts";

/** Names with what they are at present. The lines change in place. */
export class FactList {
  readonly #list: HTMLElement;
  readonly #facts = new Map<string, { name: HTMLElement; value: HTMLElement }>();

  /** `list` is an empty `dl`. */
  constructor(list: HTMLElement) {
    this.#list = list;
  }

  /** `value` is a text, or an element that its owner changes. What is empty is not shown. */
  show(name: string, value: string | HTMLElement): void {
    const fact = this.#facts.get(name) ?? this.#add(name);
    if (typeof value === "string") setText(fact.value, value);
    else if (fact.value.firstChild !== value) fact.value.replaceChildren(value);
    fact.name.hidden = value === "";
    fact.value.hidden = value === "";
  }

  #add(name: string) {
    const fact = { name: make("dt", "", name), value: make("dd") };
    fact.value.dir = "auto";
    this.#list.append(fact.name, fact.value);
    this.#facts.set(name, fact);
    return fact;
  }
}
