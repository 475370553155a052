export { capabilitiesOf, PLUGIN_CONFIG_MEDIA_TYPE, parsePluginConfig } from "./plugin-config.ts";
