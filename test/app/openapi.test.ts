import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { HttpServer } from "../../src/http/http-server.ts";
import type { GatewaySource } from "../../src/http/source.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

const DOCUMENT = parse(read("docs/openapi.yaml")) as {
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, unknown> };
};

interface Schema {
  required?: string[];
  properties?: Record<string, Schema>;
  allOf?: { $ref: string }[];
  enum?: string[];
}

const METHODS = new Set(["get", "post", "put", "patch", "delete"]);

describe("docs/openapi.yaml", () => {
  test("describes every route of the server, and no other", () => {
    const nowhere = new URL("file:///nowhere/");
    const server = new HttpServer({
      source: {} as GatewaySource,
      folders: { page: nowhere, openApi: nowhere },
      streamsMax: 1,
      token: undefined,
      hosts: [],
      onWrongToken: () => {},
      onFailure: () => {},
    });
    const served = server.paths.flatMap(({ path, methods }) =>
      methods.map((method) => `${method} ${path.replace("...", "")}`),
    );
    const described = Object.entries(DOCUMENT.paths).flatMap(([path, operations]) =>
      Object.keys(operations)
        .filter((method) => METHODS.has(method))
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(served.sort());
  });

  test("has the keys of the answers that the program is written against", () => {
    const types = [
      ...read("src/http/answers.ts").matchAll(/^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}/gms),
    ];
    expect(types.length).toBeGreaterThan(7);
    const keysOf = new Map<string, string[]>();
    for (const [, name, base, body] of types) {
      const keys = [...body!.matchAll(/^ {2}(\w+)\??:/gm)].map(([, key]) => key!);
      keysOf.set(name!, [...(keysOf.get(base ?? "") ?? []), ...keys]);
    }
    for (const [name, keys] of keysOf) {
      const schema = DOCUMENT.components.schemas[name];
      expect(schema, name).toBeDefined();
      const described = propertiesOf(schema!);
      expect(Object.keys(described.properties).sort(), name).toEqual([...keys].sort());
      // Every key is always there.
      expect(described.required.sort(), name).toEqual([...keys].sort());
    }
  });

  test("names every error that the server has", () => {
    const sources = ["api", "access", "http-server", "login"].map((name) => read(`src/http/${name}.ts`)).join("\n");
    const used = [...sources.matchAll(/errorAnswer\(\s*\d+,\s*"([\w-]+)"/g)].map(([, error]) => error!);
    expect([...new Set(used)].sort()).toEqual([...propertyOf("ApiError", "error").enum!].sort());
  });

  test("has the columns and states that can be asked for", () => {
    const query = read("src/http/client-query.ts");
    const parameters = parse(read("docs/openapi.yaml")).components.parameters;
    const sortable = /SORTABLE = \[(.*?)\]/s.exec(query)![1]!.match(/\w+/g);
    expect(parameters.sort.schema.enum).toEqual(sortable);
    const states = /CLIENT_STATES = \[(.*?)\]/s.exec(query)![1]!.match(/\w+/g);
    expect(DOCUMENT.components.schemas.ClientState!.enum).toEqual(states);
  });

  test("refers to nothing that is not there, and has nothing that nobody refers to", () => {
    const text = read("docs/openapi.yaml");
    const references = new Set(
      [...text.matchAll(/\$ref: "#\/components\/(\w+)\/(\w+)"/g)].map(([, kind, name]) => `${kind}/${name}`),
    );
    const all = Object.entries(parse(text).components)
      .filter(([kind]) => kind !== "securitySchemes")
      .flatMap(([kind, parts]) => Object.keys(parts as object).map((name) => `${kind}/${name}`));
    const unused = all.filter((name) => !references.has(name));
    // Events of streams, which OpenAPI has no words for.
    expect(unused).toEqual(["schemas/TracedDatagram"]);
    expect([...references].filter((name) => !all.includes(name))).toEqual([]);
  });
});

function propertiesOf(schema: Schema): { properties: Record<string, Schema>; required: string[] } {
  const bases = (schema.allOf ?? []).map(({ $ref }) =>
    propertiesOf(DOCUMENT.components.schemas[$ref.split("/").at(-1)!]!),
  );
  return {
    properties: Object.assign({}, ...bases.map(({ properties }) => properties), schema.properties),
    required: [...bases.flatMap(({ required }) => required), ...(schema.required ?? [])],
  };
}

function propertyOf(schema: string, name: string): Schema {
  return DOCUMENT.components.schemas[schema]!.properties![name]!;
}
