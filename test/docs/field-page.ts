import { FIELD_ROWS, type FieldRow } from "./field-rows.ts";

/** docs/field.md, from the rows and the titles of the tests. */
export function fieldPage(): string {
  return `<!-- Generated from test/docs/field-rows.ts and the titles of the tests by \`npm run docs\`. Change those, not this. -->

# What users of MQTT-SN gateways have suffered from

Gathered from the issues of gateways that are in use, and from measurements of them. For each there are tests that fail if it happens here;
they name it by its number.

${FIELD_ROWS.map(rowText).join("\n\n")}
`;
}

function rowText({ row, what, tests }: FieldRow): string {
  const lines = tests.map(({ file, title }) => `- [${file}](../test/${file}) \`${title.replaceAll("`", "'")}\``);
  return [`## Field ${row}`, "", what, "", ...lines].join("\n");
}
