import { PAGES } from "./pages.ts";

/** Before the program: what is put into its environment, and as whom it runs. */
const BEFORE = /^(?:sudo(?: -u \S+)? |timeout \S+ |env |[A-Z_][A-Z0-9_]*=\S* )+/;

/** A command line that a page shows. */
export interface PageCommand {
  /** Below the repository, with slashes. */
  page: string;
  /** The line as the page has it. */
  line: string;
  words: string[];
}

/** The commands in the blocks of every page that are for a shell: `sh`, `bash`, `console` (there with `$ ` before each). */
export const PAGE_COMMANDS: readonly PageCommand[] = PAGES.flatMap(({ path: page, blocks }) =>
  blocks
    .filter(({ language }) => ["sh", "bash", "console"].includes(language))
    .flatMap(({ language, text }) => {
      const lines = text.replaceAll(/\\\n\s*/g, "").split("\n");
      return language === "console"
        ? lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2))
        : withoutDocuments(lines);
    })
    .flatMap((line) => commandsIn(line).map((command) => ({ page, line, words: wordsOf(command) })))
    .filter(({ words }) => words.length > 0),
);

/** What is fed to a command (`<<EOF`) is none. */
function withoutDocuments(lines: readonly string[]): string[] {
  let end: string | undefined;
  return lines.filter((line) => {
    if (end !== undefined) {
      if (line.trim() === end) end = undefined;
      return false;
    }
    end = /<<-?\s*['"]?(\w+)/.exec(line)?.[1];
    return true;
  });
}

/** The simple commands of a line, without what is put before them. */
function commandsIn(line: string): string[] {
  const bare = line.replace(/(^|\s)#.*/, "").trim();
  return splitOutsideQuotes(bare).map((command) => command.trim().replace(BEFORE, ""));
}

function splitOutsideQuotes(line: string): string[] {
  return (line.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^'"\\|;&]|&(?=\d)|(?<=>)&)+/g) ?? []).filter(
    (command) => command.trim() !== "",
  );
}

/** The words of a command as a shell has them, as far as pages go: quotes, and neither variables nor patterns. */
function wordsOf(command: string): string[] {
  const words = command.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\])+/g) ?? [];
  const redirected = words.findIndex((word) => /^\d?[<>]/.test(word));
  return words
    .slice(0, redirected === -1 ? undefined : redirected)
    .map((word) =>
      word.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g, (_, one, two, three) => one ?? two ?? three),
    );
}
