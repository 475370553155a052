export { PortProxies, type ProxiedPort, type ProxyTarget } from "./port-proxies.ts";
