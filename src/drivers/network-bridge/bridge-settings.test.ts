import { expect, test } from "bun:test";
import { sampleNetwork } from "../../core/networks/network-record.fixture.ts";
import { refuseAdvertising } from "./bridge-settings.ts";

test("who asks for addresses to be advertised is told that they are not", () => {
  const ask = (options: Record<string, string>) => () => refuseAdvertising(sampleNetwork({ options }));
  expect(ask({})).not.toThrow();
  expect(ask({ "com.docker.network.advertise_addr_nmsgs": "0" })).not.toThrow();
  expect(ask({ "com.docker.network.advertise_addr_nmsgs": "3" })).toThrow(
    "failed to parse com.docker.network.advertise_addr_nmsgs value: 3 (addresses are not advertised here, only 0 is supported)",
  );
  expect(ask({ "com.docker.network.advertise_addr_ms": "100" })).toThrow("only 0 is supported");
});
