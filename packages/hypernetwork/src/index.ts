export {
  type ResolvedSettingsGeneratorConfig,
  type SettingsGeneratorConfig,
  settingsGeneratorSchema,
} from "./config.ts";
export { createLoraGenerator, type LoraGeneratorOptions } from "./create-lora-generator.ts";
export { createSettingsGenerator, type SettingsGeneratorOptions } from "./create-settings-generator.ts";
export { type LastLayerTargetsOptions, lastLayerTargets } from "./last-layer-targets.ts";
export {
  type LoraGeneratorConfig,
  loraGeneratorSchema,
  type ResolvedLoraGeneratorConfig,
} from "./lora-generator-config.ts";
export { type LoraGeneratorSize, loraGeneratorSize } from "./lora-generator-size.ts";
export { fromPeftFiles, type PeftImportOptions } from "./peft/from-peft-files.ts";
export { readPeftAdapter } from "./peft/read-peft-adapter.ts";
export { type PeftExportOptions, type PeftFiles, toPeftFiles } from "./peft/to-peft-files.ts";
export { writePeftAdapter } from "./peft/write-peft-adapter.ts";
export {
  type LoraGeneratorPreset,
  type PublishedLoraGeneratorOptions,
  publishedLoraGenerator,
} from "./published-lora-generator.ts";
export { type SettingsBasis, type SettingsBasisOptions, settingsBasis } from "./settings-basis.ts";
