export { PortProxies } from "./port-proxies.ts";
