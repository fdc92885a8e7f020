/** One metric of an answer of `/metrics`. */
export interface MetricFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const SAMPLE = /^([a-z][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/;

/** The text format of Prometheus, in the strict form in which the gateway writes it: HELP, TYPE, then the samples. Throws on anything else. */
export function parseMetrics(text: string): Map<string, MetricFamily> {
  const families = new Map<string, MetricFamily>();
  let family: MetricFamily | undefined;
  let help: RegExpExecArray | null = null;
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const type = /^# TYPE (\S+) (\w+)$/.exec(line);
    const sample = SAMPLE.exec(line);
    if (line.startsWith("# HELP ")) {
      help = /^# HELP (\S+) (.+)$/.exec(line);
    } else if (type !== null && help?.[1] === type[1] && !families.has(type[1]!)) {
      family = { type: type[2]!, help: help![2]!, samples: [] };
      families.set(type[1]!, family);
    } else if (sample !== null && family !== undefined) {
      family.samples.push({ name: sample[1]!, labels: labelsOf(sample[2] ?? ""), value: numberOf(sample[3]!) });
    } else {
      throw new Error(`not the text format of Prometheus: ${line}`);
    }
  }
  return families;
}

/** The value of one sample; undefined where there is none with exactly these labels. */
export function metricValue(
  families: ReadonlyMap<string, MetricFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ""));
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return family?.samples.find(
    (sample) => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted,
  )?.value;
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)];
  if (pairs.map(([pair]) => pair).join("") !== text) throw new Error(`not labels: ${text}`);
  return Object.fromEntries(pairs.map(([, name, value]) => [name!, value!]));
}

function numberOf(text: string): number {
  const value = text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
  if (Number.isNaN(value)) throw new Error(`not a number: ${text}`);
  return value;
}
