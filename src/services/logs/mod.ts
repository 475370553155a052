export { LogService } from "./log-service.ts";
