export {
  capabilitiesOf,
  PLUGIN_CONFIG_MEDIA_TYPE,
  parsePluginConfig,
  requireRunnable,
} from "./plugin-config.ts";
