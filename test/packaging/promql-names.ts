/** What an expression of PromQL asks for: a metric, and what its labels are to be. */
export interface AskedSeries {
  readonly name: string;
  /** Each with what it is compared with. */
  readonly labels: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

export interface PromqlNames {
  readonly series: readonly AskedSeries[];
  /** Labels by which it sums up. */
  readonly groupedBy: readonly string[];
}

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const SERIES = /\b([a-zA-Z_:][\w:]*)\b(?:\{([^}]*)\})?(?!\s*\()/g;
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;
const WORDS = new Set(["and", "or", "unless", "offset", "bool", "by"]);

/** The metrics and labels in an expression of PromQL, as far as those of this repository go. */
export function promqlNames(expression: string): PromqlNames {
  const groupedBy = [...expression.matchAll(GROUPING)].flatMap(([, labels]) =>
    labels!.split(/\s*,\s*/).filter(Boolean),
  );
  const bare = expression.replaceAll(GROUPING, " ").replaceAll(/\[[^\]]*\]|\boffset\s+\w+/g, " ");
  const series = [...bare.matchAll(SERIES)]
    .filter(([, name]) => !WORDS.has(name!))
    .map(([, name, matchers]) => ({
      name: name!,
      labels: [...(matchers ?? "").matchAll(MATCHER)].map(([, label, operator, value]) => {
        return { label: label!, operator: operator!, value: value! };
      }),
    }));
  return { series, groupedBy };
}
