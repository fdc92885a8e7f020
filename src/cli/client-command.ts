import { Command, type Option } from "commander";
import { clientVariableOf, unknownClientVariables } from "../app/configuration/client-variables.ts";

/** A command that is an MQTT-SN client: each of its flags can be set in the environment too, as its help shows. */
export class ClientCommand extends Command {
  constructor(name: string) {
    super(name);
    this.hook("preAction", () => {
      const [problem] = unknownClientVariables(process.env);
      if (problem !== undefined) this.error(`error: ${problem}`);
    });
  }

  override addOption(option: Option): this {
    const name = clientVariableOf(option.long ?? "");
    // A flag without a value would be set by its variable whatever that says.
    const text = option.isBoolean() ? process.env[name] : undefined;
    if (text === undefined || text === "true") return super.addOption(option.env(name));
    if (text !== "false") this.hook("preAction", () => this.error(`error: ${name}: write true or false`));
    super.addOption(option);
    option.env(name);
    return this;
  }

  /**
   * Of flags that exclude each other, by the names of their values, the one that was given; undefined where none was. A flag goes before
   * the environment. Two of the same kind end the command with a usage error.
   */
  theOneOf(names: readonly string[]): string | undefined {
    for (const source of ["cli", "env"]) {
      const [first, second] = names.filter((name) => this.getOptionValueSource(name) === source);
      if (second !== undefined)
        this.error(`error: ${this.#said(first!, source)} excludes ${this.#said(second, source)}`);
      if (first !== undefined) return first;
    }
    return undefined;
  }

  #said(name: string, source: string): string {
    const option = this.options.find((each) => each.attributeName() === name);
    return (source === "env" ? option?.envVar : option?.long) ?? name;
  }
}
