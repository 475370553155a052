import { EngineError, internal, invalidArgument, kindOf, messageOf } from "../../base/errors.ts";
import type { DeviceRequest } from "../../spec/engine-api/mod.ts";
import type { RuntimeSpec } from "../../spec/oci-runtime/mod.ts";
import { applyCdiEdits, type HostDevices } from "./apply-edits.ts";
import { type CdiInventory, readCdiDirectories } from "./cdi-directories.ts";
import { addNvidiaHook, NVIDIA_CAPABILITIES } from "./nvidia-hook.ts";

export interface DeviceRequestsOptions {
  /** Directories of specification files, the most important one last; none switches CDI off. */
  readonly directories: readonly string[];
  readonly hostDevices: HostDevices;
  /** The path of a program in `PATH`; undefined where there is none. */
  readonly findProgram: (name: string) => string | undefined;
}

/** Changes a document so that the container gets what the request asks for. */
type Serve = (spec: RuntimeSpec, request: DeviceRequest, selected: readonly string[]) => Promise<RuntimeSpec>;

interface DeviceDriver {
  readonly name: string;
  /** What requests that name no driver may ask of this one. */
  readonly capabilities: ReadonlySet<string>;
  readonly serve: Serve;
}

const NONE: ReadonlySet<string> = new Set();
const CDI = "cdi";

/**
 * Serves `DeviceRequests`: devices by their CDI names, and GPUs by what their vendors have installed, NVIDIA's before
 * AMD's. What is installed is looked at anew for each request.
 */
export class DeviceRequests {
  readonly #options: DeviceRequestsOptions;

  constructor(options: DeviceRequestsOptions) {
    this.#options = options;
  }

  get directories(): readonly string[] {
    return this.#options.directories;
  }

  /** Every device that can be asked for by name, and what is wrong with files. */
  async inventory(): Promise<CdiInventory> {
    return await readCdiDirectories(this.#options.directories);
  }

  /** The document with all that is asked for. Errors: internal where nothing serves a request, with docker's text. */
  async apply(spec: RuntimeSpec, requests: readonly DeviceRequest[]): Promise<RuntimeSpec> {
    if (requests.length === 0) return spec;
    const drivers = await this.#drivers();
    let served = spec;
    for (const request of requests) served = await this.#serve(served, request, drivers);
    return served;
  }

  async #serve(
    spec: RuntimeSpec,
    request: DeviceRequest,
    drivers: readonly DeviceDriver[],
  ): Promise<RuntimeSpec> {
    const wanted = request.Capabilities ?? [];
    if (request.Driver) {
      const driver = drivers.find(({ name }) => name === request.Driver);
      if (driver) return await driver.serve(spec, request, match(driver.capabilities, wanted) ?? []);
    } else {
      for (const driver of drivers) {
        const selected = driver.capabilities.size === 0 ? undefined : match(driver.capabilities, wanted);
        if (selected) return await driver.serve(spec, request, selected);
      }
    }
    throw nobodyServes(request);
  }

  async #drivers(): Promise<DeviceDriver[]> {
    const { directories, findProgram } = this.#options;
    const drivers: DeviceDriver[] = [];
    if (directories.length > 0) {
      drivers.push({
        name: CDI,
        capabilities: NONE,
        serve: (spec, request) => this.#injectNamed(spec, request),
      });
    }
    const nvidia = this.#nvidiaDrivers();
    if (nvidia.length > 0) return [...drivers, ...nvidia];
    const hasAmdFiles = [...(await this.inventory()).devices.keys()].some((name) =>
      name.startsWith("amd.com/"),
    );
    const ways: Serve[] = [];
    if (hasAmdFiles) ways.push((spec, request) => this.#injectIndexed(spec, request, "amd.com/gpu"));
    if (findProgram("amd-container-runtime"))
      ways.push(async (spec, request) => showAmdDevices(spec, request));
    if (ways.length > 0) {
      drivers.push({ name: "amd", capabilities: new Set(["gpu", "amd"]), serve: firstThatWorks(ways) });
    }
    return drivers;
  }

  #nvidiaDrivers(): DeviceDriver[] {
    const { findProgram } = this.#options;
    const drivers: DeviceDriver[] = [];
    if (findProgram("nvidia-cdi-hook")) {
      const serve: Serve = (spec, request) => this.#injectIndexed(spec, request, "nvidia.com/gpu");
      drivers.push({ name: "nvidia.cdi", capabilities: NONE, serve });
    }
    const hook = findProgram("nvidia-container-runtime-hook");
    if (hook) {
      const serve: Serve = async (spec, request, selected) =>
        addNvidiaHook(spec, hook, requestedIds(request), selected);
      drivers.push({ name: "nvidia.runtime-hook", capabilities: NONE, serve });
    }
    if (drivers.length === 0) return [];
    const serve = firstThatWorks(drivers.map((driver) => driver.serve));
    return [
      ...drivers,
      { name: "nvidia", capabilities: new Set(["gpu", "nvidia", ...NVIDIA_CAPABILITIES]), serve },
    ];
  }

  async #injectNamed(spec: RuntimeSpec, request: DeviceRequest): Promise<RuntimeSpec> {
    if ((request.Count ?? 0) !== 0) throw invalidArgument("unexpected count in CDI device request");
    if (Object.keys(request.Options ?? {}).length > 0) {
      throw invalidArgument("unexpected options in CDI device request");
    }
    return await this.#inject(spec, request.DeviceIDs ?? []);
  }

  /** Devices by number or by full name; numbers are those of `kind`. */
  async #injectIndexed(spec: RuntimeSpec, request: DeviceRequest, kind: string): Promise<RuntimeSpec> {
    const ids = requestedIds(request);
    if (ids.length === 0) return spec;
    if (this.#options.directories.length === 0) {
      throw internal(`no CDI device driver registered: ${nobodyServes(request).message}`);
    }
    return await this.#inject(
      spec,
      ids.map((id) => (id.includes("=") ? id : `${kind}=${id}`)),
    );
  }

  async #inject(spec: RuntimeSpec, names: readonly string[]): Promise<RuntimeSpec> {
    const { devices } = await this.inventory();
    const missing = names.filter((name) => !devices.has(name));
    if (missing.length > 0) {
      throw internal(`CDI device injection failed: unresolvable CDI devices ${missing.join(", ")}`);
    }
    const edits = new Set(
      names.flatMap((name) => {
        const { device, document } = devices.get(name)!;
        return [document.containerEdits, device.containerEdits];
      }),
    );
    let edited = spec;
    try {
      for (const each of edits) edited = applyCdiEdits(edited, each, this.#options.hostDevices);
    } catch (error) {
      throw new EngineError(
        kindOf(error),
        `CDI device injection failed: failed to inject devices: ${messageOf(error)}`,
        { cause: error },
      );
    }
    return edited;
  }
}

/** The first list of `wanted` that is wholly among `offered`. */
function match(
  offered: ReadonlySet<string>,
  wanted: readonly (readonly string[])[],
): readonly string[] | undefined {
  return wanted.find((all) => all.every((capability) => offered.has(capability)));
}

function nobodyServes({ Driver: driver, Capabilities: capabilities }: DeviceRequest): EngineError {
  const lists = (capabilities ?? []).map((all) => `[${all.join(" ")}]`).join(" ");
  return internal(
    `could not select device driver ${JSON.stringify(driver ?? "")} with capabilities: [${lists}]`,
  );
}

/** Errors: internal for a request that names devices and counts them. */
function requestedIds({ Count: count = 0, DeviceIDs: ids }: DeviceRequest): readonly string[] {
  if (count !== 0 && (ids ?? []).length > 0) {
    throw internal("cannot set both Count and DeviceIDs on device request");
  }
  if ((ids ?? []).length > 0) return ids!;
  if (count < 0) return ["all"];
  return Array.from({ length: count }, (_, index) => String(index));
}

function showAmdDevices(spec: RuntimeSpec, request: DeviceRequest): RuntimeSpec {
  const ids = requestedIds(request);
  const env = [`AMD_VISIBLE_DEVICES=${ids.length === 0 ? "void" : ids.join(",")}`];
  return applyCdiEdits(spec, { env }, () => []);
}

/** Tries one way after the other; where none works, the error tells of all. */
function firstThatWorks(ways: readonly Serve[]): Serve {
  return async (spec, request, selected) => {
    const reasons: string[] = [];
    for (const way of ways) {
      try {
        return await way(spec, request, selected);
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        reasons.push(error.message);
      }
    }
    throw internal(reasons.join("\n"));
  };
}
