export {
  type ResolvedSettingsGeneratorConfig,
  type SettingsGeneratorConfig,
  settingsGeneratorSchema,
} from "./config.ts";
export { createSettingsGenerator, type SettingsGeneratorOptions } from "./create-settings-generator.ts";
export { type SettingsBasis, type SettingsBasisOptions, settingsBasis } from "./settings-basis.ts";
