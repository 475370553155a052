export { LogService, type LogServiceParts } from "./log-service.ts";
