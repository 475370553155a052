import { describe, expect, test } from "bun:test";
import { FlagError, parseFlags } from "./parse.ts";
import { bool, duration, filter, int, list, map, string, uint16 } from "./types.ts";

const flags = {
  all: bool("", { short: "a" }),
  detach: bool("", { short: "d" }),
  env: list("", { short: "e" }),
  filter: filter("", { short: "f" }),
  interactive: bool("", { short: "i" }),
  last: int("", { short: "n", default: -1 }),
  name: string(""),
  opt: map("", { short: "o" }),
  publish: list("", { short: "p" }),
  "sig-proxy": bool("", { default: true }),
  tty: bool("", { short: "t" }),
  wait: duration(""),
  weight: uint16(""),
};

const problem = (argv: string[]) => {
  try {
    parseFlags(flags, argv);
  } catch (error) {
    expect(error).toBeInstanceOf(FlagError);
    return (error as Error).message;
  }
  return undefined;
};

describe("parseFlags", () => {
  test("clusters of switches, a value behind them", () => {
    const { values } = parseFlags(flags, ["-itdp8080:80", "-p", "1:2", "-p=3:4", "--publish=5:6"]);
    expect(values).toMatchObject({ interactive: true, tty: true, detach: true });
    expect(values.publish).toEqual(["8080:80", "1:2", "3:4", "5:6"]);
  });

  test("switches take a value only behind an equals sign", () => {
    const { values, args } = parseFlags(flags, ["--sig-proxy=false", "--all", "false", "-i=0"]);
    expect([values["sig-proxy"], values.all, values.interactive]).toEqual([false, true, false]);
    expect(args).toEqual(["false"]);
  });

  test("flags behind arguments, unless the command ends them", () => {
    expect(parseFlags(flags, ["x", "-a", "y"])).toMatchObject({ values: { all: true }, args: ["x", "y"] });
    const ended = parseFlags(flags, ["-a", "x", "-t", "--", "y"], { interspersed: false });
    expect(ended).toMatchObject({ values: { all: true, tty: false }, args: ["x", "-t", "--", "y"] });
  });

  test("two dashes end the flags", () => {
    expect(parseFlags(flags, ["-a", "--", "-t"]).args).toEqual(["-t"]);
  });

  test("values that look like flags are values, a dash alone is an argument", () => {
    expect(parseFlags(flags, ["--name", "-a", "-"])).toMatchObject({
      values: { name: "-a", all: false },
      args: ["-"],
    });
  });

  test("maps, filters, durations and numbers", () => {
    const { values, given } = parseFlags(flags, [
      ..."-o a=b=c -o d -f label=x=y -f Label=z --wait 1m1.5s --weight 0x10 -n -3".split(" "),
    ]);
    expect(values.opt).toEqual({ a: "b=c", d: "" });
    expect(values.filter).toEqual({ label: ["x=y", "z"] });
    expect([values.wait, values.weight, values.last]).toEqual([61.5e9, 16, -3]);
    expect([...given].sort()).toEqual(["filter", "last", "opt", "wait", "weight"]);
  });

  test("help in both forms", () => {
    expect(parseFlags(flags, ["--help"])).toMatchObject({ help: true, shortHelp: false });
    expect(parseFlags(flags, ["-h"])).toMatchObject({ help: true, shortHelp: true });
  });

  // Texts as docker 28.2 prints them.
  test.each([
    [["--foo"], "unknown flag: --foo"],
    [["--foo=1"], "unknown flag: --foo"],
    [["-aQ"], "unknown shorthand flag: 'Q' in -Q"],
    [["--name"], "flag needs an argument: --name"],
    [["-ae"], "flag needs an argument: 'e' in -ae"],
    [["--=x"], "bad flag syntax: --=x"],
    [
      ["-n", "x"],
      'invalid argument "x" for "-n, --last" flag: strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      ["--weight", "65536"],
      'invalid argument "65536" for "--weight" flag: strconv.ParseUint: parsing "65536": value out of range',
    ],
    [
      ["--all=maybe"],
      'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [
      ["-f", "foo"],
      'invalid argument "foo" for "-f, --filter" flag: bad format of filter (expected name=value)',
    ],
    [["--wait", "5"], 'invalid argument "5" for "--wait" flag: time: missing unit in duration "5"'],
    [["--wait", "x"], 'invalid argument "x" for "--wait" flag: time: invalid duration "x"'],
  ])("%j is refused", (argv, message) => {
    expect(problem(argv)).toBe(message);
  });
});
