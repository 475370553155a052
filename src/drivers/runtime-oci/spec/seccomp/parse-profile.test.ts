import { expect, test } from "bun:test";
import { compileSeccomp } from "./docker-profile.ts";
import { parseSeccompProfile } from "./parse-profile.ts";

const target = { capabilities: new Set<string>(), architecture: "amd64", kernel: { major: 6, minor: 1 } };

test.each([
  ["{", "Decoding seccomp profile failed: "],
  ["null", "the profile is not an object"],
  ["[]", "the profile is not an object"],
  ["{}", "the profile has no defaultAction"],
  ['{"defaultAction": 5}', "defaultAction is not a string"],
  ['{"defaultAction": "A", "syscalls": {}}', "syscalls is not a list"],
  ['{"defaultAction": "A", "syscalls": [null]}', "a rule of syscalls is not an object"],
  ['{"defaultAction": "A", "syscalls": [{"names": [1], "action": "B"}]}', "names is not a string"],
  ['{"defaultAction": "A", "syscalls": [{"names": ["x"]}]}', "action is not a string"],
  [
    '{"defaultAction": "A", "syscalls": [{"names": ["x"], "action": "B", "args": [5]}]}',
    "an argument is not",
  ],
  ['{"defaultAction": "A", "syscalls": [{"action": "B", "includes": {"caps": "x"}}]}', "caps is not a list"],
  ['{"defaultAction": "A", "archMap": [{}]}', "architecture is not a string"],
])("%s is refused", (text, message) => {
  expect(() => parseSeccompProfile(text)).toThrow(message);
});

test("null stands for nothing, as in docker; a rule without a name is none", () => {
  const text = '{"defaultAction": "A", "architectures": null, "syscalls": [{"names": null, "action": "B"}]}';
  expect(compileSeccomp(parseSeccompProfile(text), target)).toMatchObject({
    defaultAction: "A",
    syscalls: [],
  });
});
