import { describe, expect, test } from "bun:test";
import type { PortSummary } from "../../spec/engine-api/mod.ts";
import { naturalCompare } from "./natural-order.ts";
import { formatPorts } from "./ports.ts";
import { layOut } from "./tab-writer.ts";
import { renderList, type View } from "./view.ts";

const port = (
  PrivatePort: number,
  PublicPort?: number,
  IP?: string,
  Type: "tcp" | "udp" = "tcp",
): PortSummary => ({
  PrivatePort,
  Type,
  ...(PublicPort === undefined ? {} : { PublicPort }),
  ...(IP === undefined ? {} : { IP }),
});

describe("ports", () => {
  // As docker's formatter prints them.
  test.each<[PortSummary[], string]>([
    [[port(80)], "80/tcp"],
    [[port(80, 8080, "0.0.0.0"), port(80, 8080, "::")], "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"],
    [[port(9002), port(9000), port(9001)], "9000-9002/tcp"],
    [[port(80), port(82)], "80/tcp, 82/tcp"],
    [[port(80, 80, "1.2.3.4"), port(81, 81, "1.2.3.4")], "1.2.3.4:80-81->80-81/tcp"],
    [[port(80, 8080, "1.2.3.4"), port(81, 8081, "1.2.3.4")], "1.2.3.4:8080->80/tcp, 1.2.3.4:8081->81/tcp"],
    [[port(53, undefined, undefined, "udp"), port(53)], "53/tcp, 53/udp"],
    [[], ""],
  ])("%j", (ports, text) => {
    expect(formatPorts(ports)).toBe(text);
  });
});

describe("layOut", () => {
  test("columns are at least ten wide, three apart; the last one is as it is", () => {
    expect(layOut("ID\tNAMES\na\tlong name here\n0123456789ab\tx\n")).toBe(
      "ID             NAMES\na              long name here\n0123456789ab   x\n",
    );
  });

  test("a column ends where a line lacks it", () => {
    expect(layOut("a\tb\nshort\n0123456789\tc\n")).toBe("a         b\nshort\n0123456789   c\n");
  });

  test("characters count, not bytes", () => {
    expect(layOut("ééééééééé\tx\n")).toBe("ééééééééé   x\n");
  });
});

describe("renderList", () => {
  const view: View<{ id: string; labels: Record<string, string> }> = {
    typeName: "*formatter.ThingContext",
    fields: {
      ID: { header: "THING ID", value: ({ id }) => id },
      Label: {
        header: "LABEL",
        method: true,
        value:
          ({ labels }) =>
          (name: string) =>
            labels[name] ?? "",
      },
    },
  };
  const items = [{ id: "one", labels: { "com.x.my-key": "v" } }];
  const render = (format: string, quiet?: string) =>
    renderList(view, items, { format, columns: ["ID"], quiet });

  test.each([
    ["", "THING ID\none\n"],
    ["table", "THING ID\none\n"],
    ["{{.ID}}!", "one!\n"],
    ["json", '{"ID":"one"}\n'],
    ['table {{upper .ID}}\\t{{.Label "com.x.my-key"}}', "THING ID   my key\nONE        v\n"],
  ])("%j", async (format, text) => {
    expect(await render(format)).toBe(text);
  });

  test("quiet", async () => {
    expect(await render("", "ID")).toBe("one\n");
  });

  test("errors", async () => {
    await expect(render("{{.Foo}}")).rejects.toThrow(
      `failed to execute template: template: :1:2: executing "" at <.Foo>: can't evaluate field Foo in type *formatter.ThingContext`,
    );
    await expect(render("{{.ID")).rejects.toThrow("failed to parse template: template: :1: unclosed action");
  });
});

test("natural order", () => {
  expect(["net10", "net2", "a", "net"].sort(naturalCompare)).toEqual(["a", "net", "net2", "net10"]);
  const others = ["1.a", "01", "1", "1a", "a-", "a1", "a", "ab-1", "ab", "2-", "2", ""];
  const ordered = ["", "01", "1", "1.a", "1a", "2", "2-", "a", "a1", "a-", "ab", "ab-1"];
  expect(others.sort(naturalCompare)).toEqual(ordered);
});
