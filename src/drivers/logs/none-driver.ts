import type { LogDriver } from "../../core/logs/log-driver.ts";

/** Output goes nowhere but to attached clients. */
export const noneDriver: LogDriver = {
  name: "none",
  // Docker takes any option here.
  validate() {},
  logPath: () => "",
};
